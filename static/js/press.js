// The talk button's gestures: mouse, finger, pen, its own keys, and the space bar everywhere else.

const TYPING = 'input, textarea, select, button, a, summary, audio, video, [contenteditable], [role="slider"], [role="option"]';

/** Call `down` and `up` as `button` (or the space bar) is pressed and let go, `escape` for Esc. */
export function presses(button, { down, up, escape }) {
  let key = null; // the key that is down
  let pointed = false; // the click that follows was a pointer's

  button.addEventListener('pointerdown', (event) => {
    if (event.button || !event.isPrimary) return;
    button.setPointerCapture(event.pointerId);
    pointed = true;
    down();
  });
  for (const name of ['pointerup', 'pointercancel', 'lostpointercapture']) button.addEventListener(name, up);
  button.addEventListener('contextmenu', (event) => event.preventDefault()); // a long touch
  button.addEventListener('click', () => {
    // Screen readers and voice control click without a press.
    if (!pointed) {
      down();
      up();
    }
    pointed = false;
  });

  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !document.querySelector('dialog[open]') && escape()) event.preventDefault();
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || event.isComposing) return;
    const own = event.target === button && event.key === 'Enter';
    if (!own && (event.key !== ' ' || !free(event.target, button))) return;
    event.preventDefault(); // no scrolling, no click
    if (event.repeat || key) return;
    key = event.key;
    down();
  });
  document.addEventListener('keyup', (event) => {
    if (event.key !== key) return;
    event.preventDefault();
    key = null;
    up();
  });
  // The keyup goes to whoever has the focus then.
  window.addEventListener('blur', () => {
    if (key) up();
    key = null;
  });
}

const free = (target, button) =>
  target === button || (!target.closest?.(TYPING) && !document.querySelector('dialog[open]'));
