// The prompt: streams in while the refiner writes it, then can be changed and painted.

import { on } from './bus.js';
import { button, el, fill, grow, soon } from './dom.js';
import { t } from './i18n.js';
import { CHECK, COPY } from './icons.js';
import { likeJob, over, submit } from './jobs.js';
import { say } from './say.js';
import { report, settingsButton } from './trouble.js';

const drafts = new Map(); // job id → the prompt as changed here

export function initPrompt(root) {
  const area = el('textarea', { id: 'prompt-text', rows: 2, spellcheck: false, oninput: changed, 'aria-describedby': 'prompt-state' });
  const state = el('p.muted', { id: 'prompt-state' });
  const paint = button(t('core.paint-prompt'), () => ask({ prompt: area.value.trim() }, paint));
  const words = button(t('core.use-words'), () => ask({ prompt: undefined, refine: false }, words));
  const copy = el('button.icon-button', { type: 'button', 'aria-label': t('core.copy-prompt'), title: t('core.copy-prompt'), onclick: copied }, COPY());
  const wrong = el('div');
  root.setAttribute('aria-labelledby', 'prompt-title');
  fill(
    root,
    el('div.head', {}, el('h2', {}, el('label', { id: 'prompt-title', htmlFor: 'prompt-text' }, t('core.prompt'))), state, copy),
    area,
    el('div.row', {}, paint, words),
    wrong,
  );

  let job = null;
  let announced = '';

  function changed() {
    if (area.value === job.prompt) drafts.delete(job.id);
    else drafts.set(job.id, area.value);
    draw();
  }

  const draw = soon(() => {
    if (!job) return;
    const writing = job.stage === 'refine' && !over(job);
    const text = writing ? job.live.prompt : (drafts.get(job.id) ?? job.prompt ?? '');
    const waiting = !over(job) && !job.stage && text === job.idea; // it isn't a prompt yet
    root.hidden = (!text && !writing) || waiting;
    if (area.value !== text) {
      area.value = text;
      grow(area);
      if (writing) area.scrollTop = area.scrollHeight;
    }
    area.readOnly = writing;
    root.classList.toggle('writing', writing);
    state.textContent = writing ? t('core.writing') : drafts.has(job.id) ? t('core.changed') : '';
    paint.classList.toggle('primary', drafts.has(job.id));
    paint.disabled = writing || !text.trim();
    const same = !job.prompt || job.prompt === job.idea;
    if (same && document.activeElement === words) area.focus();
    words.hidden = same;
    words.disabled = writing;
    copy.disabled = writing || !text;
    if (!writing && job.prompt && !over(job) && announced !== job.id) {
      announced = job.id;
      if (job.prompt !== job.idea) say(t('core.prompt-said', { text: job.prompt }));
    }
  });

  async function ask(change, pressed) {
    wrong.replaceChildren();
    pressed.setAttribute('aria-busy', 'true');
    try {
      await submit({ ...likeJob(job), seed: job.seed_text ?? undefined, ...change });
    } catch (error) {
      report(wrong, error, settingsButton(error));
    } finally {
      pressed.removeAttribute('aria-busy');
    }
  }

  async function copied() {
    try {
      await navigator.clipboard.writeText(area.value);
    } catch {
      area.select(); // no clipboard on this page: the next best thing
      document.execCommand('copy');
    }
    fill(copy, CHECK());
    setTimeout(() => fill(copy, COPY()), 1500);
    say(t('core.copied'));
  }

  on('shown', (found) => {
    if (found?.id !== job?.id) wrong.replaceChildren();
    job = found;
    if (job) draw();
    else root.hidden = true;
  });
}
