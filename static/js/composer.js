// The text box: type an idea, send it. Also takes what was heard, and what others ask to submit.

import { on } from './bus.js';
import { button, el, fill, grow, kept } from './dom.js';
import { t } from './i18n.js';
import { SEND } from './icons.js';
import { submit } from './jobs.js';
import { report, settingsButton } from './trouble.js';

const DRAFT = 'draft';

export function initComposer(root) {
  const area = el('textarea', {
    id: 'idea', rows: 1, placeholder: t('core.idea-placeholder'), autocomplete: 'off', enterKeyHint: 'send',
    'aria-describedby': 'idea-help', oninput: changed, onkeydown: pressed,
  });
  const send = el('button.icon-button.primary', { type: 'submit', 'aria-label': t('core.send'), title: t('core.send') }, SEND());
  const wrong = el('div.composer-wrong');
  let utterance; // of which the words are, edited or not
  let sending = false;

  root.setAttribute('aria-labelledby', 'idea-label');
  fill(
    root,
    el(
      'form.composer-form', { onsubmit: (event) => (event.preventDefault(), go()) },
      el('h2', {}, el('label', { id: 'idea-label', htmlFor: 'idea' }, t('core.idea'))),
      el('div.box', {}, area, send),
      el('p.unseen', { id: 'idea-help' }, t('core.idea-help')),
    ),
    wrong,
  );
  const draft = kept.get(DRAFT);
  put(draft?.text ?? '', draft?.utterance);
  addEventListener('resize', () => grow(area)); // a narrower box needs more lines

  function put(text, spoken) {
    area.value = text;
    utterance = spoken;
    changed();
  }

  function changed() {
    const empty = !area.value.trim();
    if (empty) utterance = undefined;
    send.disabled = empty;
    grow(area);
    kept.set(DRAFT, { text: area.value, utterance });
  }

  function pressed(event) {
    // 229: a key that an input method still works on; Safari says so in no other way
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    go();
  }

  async function go() {
    const text = area.value.trim();
    if (text && (await have({ text, utterance })) && document.activeElement === area) area.select();
  }

  /** Submit; true once it is taken. An error is shown here, with a way to try again. */
  async function have(wanted) {
    if (sending) return false;
    sending = true;
    wrong.replaceChildren();
    root.setAttribute('aria-busy', 'true');
    try {
      await submit(wanted);
      return true;
    } catch (error) {
      const again = error.retryable && button(t('core.retry'), () => have(wanted), 'primary');
      report(wrong, error, again, settingsButton(error));
      return false;
    } finally {
      sending = false;
      root.removeAttribute('aria-busy');
    }
  }

  on('heard', ({ id, text }) => {
    if (!text?.trim()) return;
    put(text, id);
    have({ text, utterance: id });
  });
  on('compose', ({ text, utterance: spoken }) => {
    put(text, spoken);
    area.focus();
    area.setSelectionRange(text.length, text.length);
  });
  on('ask', have);
}
