// What screen readers say, and short notices. All of it moves into an open dialog: what lies
// outside a modal one is neither read nor clickable.

import { $, el } from './dom.js';
import { t } from './i18n.js';
import { X } from './icons.js';

const SECONDS = 8;
const place = () => $('#notices');

/** Say `text` when there is a pause. */
export const say = (text) => speak('#say', text);

/** Say `text` at once. */
export const alarm = (text) => speak('#alarm', text);

/** A short notice with, maybe, a button: toast(text, {label, act, seconds}). Returns what ends it. */
export function toast(text, { label, act, seconds = SECONDS } = {}) {
  settle();
  let timer;
  const wait = () => (timer = setTimeout(end, seconds * 1000));
  const stay = () => clearTimeout(timer);
  const node = el(
    'div.toast',
    { onpointerenter: stay, onpointerleave: wait, onfocusin: stay, onfocusout: wait },
    el('p', {}, text),
    label && el('button.button', { type: 'button', onclick: () => (end(), act()) }, label),
    el('button.icon-button', { type: 'button', 'aria-label': t('core.dismiss'), onclick: () => end() }, X()),
  );
  function end() {
    stay();
    node.remove();
  }
  $('#toasts').append(node);
  wait();
  say(text);
  return end;
}

function speak(where, text) {
  settle();
  const region = $(where);
  region.textContent = '';
  requestAnimationFrame(() => (region.textContent = text)); // the same words again are read again
}

function settle() {
  const home = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
  if (place().parentNode !== home) home.append(place());
}

document.addEventListener('close', settle, true);
