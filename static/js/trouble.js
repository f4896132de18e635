// An error where it happened: what, the way out, and buttons that lead there.

import { tell } from './bus.js';
import { button, el } from './dom.js';
import { errorText, t } from './i18n.js';
import { alarm, toast } from './say.js';

/** A box with the error's message and hint, and `buttons`. */
export function trouble(error, ...buttons) {
  const { message, hint, lang } = errorText(error);
  const wanted = buttons.filter(Boolean);
  return el(
    'div.trouble', {},
    el('p', { lang }, el('strong', {}, message)),
    hint && el('p', { lang }, hint),
    wanted.length > 0 && el('div.row', {}, wanted),
  );
}

/** The same as one line, for a screen reader or a notice. */
export const sentence = (error) => {
  const { message, hint } = errorText(error);
  return hint ? `${message} ${hint}` : message;
};

/** Show the error in `place` and say it; in a notice where a dialog lies over the place. */
export function report(place, error, ...buttons) {
  if (document.querySelector('dialog[open]')) return void toast(sentence(error), { seconds: 15 });
  place.replaceChildren(trouble(error, ...buttons));
  alarm(sentence(error));
}

const ENGINE = /^(comfyui-|engine-|no-engine|no-local|bad-url|bad-token)/;
const WORKFLOW = /^(workflow-|comfyui-(node|bad-|refused-prompt|no-picture))/;
const MODEL = /^(model-|checkpoint)/;

/** A button that opens the setting which may mend this error; false where none would. */
export function settingsButton({ code = '', stage }) {
  const name =
    (WORKFLOW.test(code) && 'workflow') || (ENGINE.test(code) && 'engine') ||
    (MODEL.test(code) && (stage === 'refine' ? 'refiner' : 'workflow'));
  return name && button(t('core.open-settings'), () => tell('open-settings', name));
}
