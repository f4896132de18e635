// What was heard: while it is spoken (settled words dark, the rest grey), and afterwards.

import { on, tell } from './bus.js';
import { button, el, fill, soon } from './dom.js';
import { number, t } from './i18n.js';
import { EDIT } from './icons.js';
import { say } from './say.js';

const UNSURE = 0.5; // confidence below which a word is marked

export function initHeard(root) {
  const settled = el('span');
  const tail = el('span.tail');
  const live = el('p.said', { hidden: true }, settled, tail);
  const said = el('p.said', { hidden: true });
  const lost = el('p.muted', { hidden: true }, t('core.not-understood'));
  const edit = button(t('core.edit-words'), () => tell('compose', { text: now.text, utterance: now.id }), 'quiet', EDIT());
  root.setAttribute('aria-labelledby', 'heard-title');
  fill(root, el('div.head', {}, el('h2', { id: 'heard-title' }, t('core.heard')), edit), live, said, lost);

  let now = null; // {id?, text, words}: what was said
  let shown; // the job on the stage
  let speaking = false;
  let words = { settled: '', tail: '' };

  const draw = soon(() => {
    settled.textContent = words.settled;
    tail.textContent = words.tail && ` ${words.tail}`;
    if (!words.settled && !words.tail) tail.textContent = t('core.listening');
  });

  function show() {
    live.hidden = !speaking;
    said.hidden = speaking || !now?.text;
    lost.hidden = speaking || !now || Boolean(now.text);
    edit.hidden = said.hidden;
    root.hidden = live.hidden && said.hidden && lost.hidden;
  }

  function finished(found) {
    now = found;
    if (found?.text) fill(said, marked(found.text, found.words ?? []));
    show();
  }

  on('talk', ({ state }) => {
    const listens = state === 'listening';
    if (listens && !speaking) {
      words = { settled: '', tail: '' };
      draw();
    }
    speaking = listens || (state === 'finishing' && speaking);
    show();
  });
  on('partial', (partial) => {
    words = { settled: partial.settled ?? '', tail: partial.tail ?? '' };
    draw();
  });
  on('heard', (transcript) => {
    speaking = false;
    finished(transcript);
    say(transcript.text ? t('core.heard-said', { text: transcript.text }) : t('core.not-understood'));
  });
  on('shown', (job) => {
    if (job?.id === shown) return; // nothing new; what was just said stays until its own job comes
    shown = job?.id;
    const text = job?.transcript;
    finished(text ? { text, words: job.words } : null);
  });
}

/** The text, with the words marked that the recogniser was unsure of. */
function marked(text, words) {
  const parts = [];
  let at = 0;
  for (const word of words) {
    const found = text.indexOf(word.text, at);
    if (found < 0) continue;
    if (word.confidence != null && word.confidence < UNSURE) {
      const sure = number(word.confidence, { style: 'percent' });
      parts.push(
        text.slice(at, found),
        el('mark.unsure', { title: t('core.unsure', { sure }) }, word.text, el('span.unseen', {}, ` (${t('core.unsure-short')})`)),
      );
      at = found + word.text.length;
    } else {
      parts.push(text.slice(at, found + word.text.length));
      at = found + word.text.length;
    }
  }
  return [...parts, text.slice(at)];
}
