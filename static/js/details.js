// What is known of a job, as a list of terms; and copying its prompt.

import { $, button, el } from './dom.js';
import { has, number, t, when } from './i18n.js';
import { COPY } from './icons.js';
import { say } from './say.js';
import { trouble } from './trouble.js';

const STAGES = ['stt', 'refine', 'queue', 'generate'];

/** Everything about the job, for the viewer. */
export function details(one) {
  const { timings = {} } = one;
  const spent = STAGES.filter((name) => timings[name] >= 0.05).map((name) => `${t(`viewer.spent.${name}`)} ${span(timings[name])}`);
  return [
    one.placeholder && el('p.note', {}, t('viewer.placeholder')),
    one.error && trouble(one.error),
    el(
      'dl.viewer-list',
      {},
      fact('idea', one.idea),
      one.transcript && one.transcript !== one.idea && fact('heard', one.transcript),
      one.prompt && fact('prompt', el('p', { id: 'viewer-text' }, one.prompt), el('div', {}, copier(one.prompt))),
      fact('negative', one.negative),
      fact('engine', one.engine !== 'auto' && one.engine && engine(one.engine)),
      one.engine === 'comfyui' && fact('workflow', one.workflow),
      one.pictures?.length > 0 && fact('seed', el('span', { id: 'viewer-seed' })),
      fact('size', one.size?.replace('x', ' × ')),
      fact('steps', one.steps && number(one.steps)),
      fact('time', timings.total && span(timings.total), spent.length > 1 && el('p.help', {}, spent.join(' · '))),
      fact('made', one.created && when(one.created)),
      fact('refiner', one.refiner),
      fact('recogniser', one.recogniser),
      one.warnings?.length > 0 && fact('warnings', ...one.warnings.map((text) => el('p', {}, text))),
    ),
  ];
}

const LONG = new Set(['idea', 'heard', 'prompt', 'negative', 'time', 'warnings']);

function fact(name, ...what) {
  return Boolean(what[0]) && el(LONG.has(name) ? 'div.long' : 'div', {}, el('dt', {}, t(`viewer.${name}`)), el('dd', name === 'prompt' ? { id: 'viewer-prompt' } : {}, ...what.filter(Boolean)));
}

/** The name of an engine. */
export const engine = (name) => (has(`settings.engine.choices.${name}`) ? t(`settings.engine.choices.${name}`) : name);

/** Seconds as people say them. */
export function span(seconds) {
  const shown = (value, unit, digits = 0) =>
    number(value, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: digits });
  if (seconds < 60) return shown(seconds, 'second', seconds < 10 ? 1 : 0);
  const whole = Math.round(seconds);
  return `${shown(Math.floor(whole / 60), 'minute')} ${shown(whole % 60, 'second')}`;
}

function copier(text) {
  const label = el('span', {}, t('viewer.copy'));
  const done = (key) => {
    label.textContent = t(key);
    say(t(key));
    setTimeout(() => (label.textContent = t('viewer.copy')), 2000);
  };
  return button(label, async () => done((await copy(text)) ? 'viewer.copied' : 'viewer.not-copied'), 'quiet copy', COPY());
}

/** Put `text` on the clipboard; where the browser refuses, mark it, so that a key press copies it. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren($('#viewer-text'));
    return document.execCommand('copy');
  }
}
