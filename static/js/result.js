// Below the picture: the idea, how it was made, and what to do with it.

import { tell } from './bus.js';
import { button, el, fill } from './dom.js';
import { engineName, foreign, number, t } from './i18n.js';
import { DICE, DOWN, EXPAND, SAME, WARN } from './icons.js';
import { likeJob, newSeed } from './jobs.js';

/** {node, update(job | null)}; `ask(wanted)` submits. */
export function makeResult(ask) {
  const idea = el('p.idea');
  const facts = el('ul.made-of', { 'aria-label': t('core.facts') });
  const warnings = el('ul.warnings', { 'aria-label': t('core.warnings') });
  const actions = el('div.row.actions');
  const node = el('div.result', { hidden: true }, idea, facts, warnings, actions);
  let shown = '';

  function update(job) {
    node.hidden = !job;
    if (!job) return;
    const key = [job.id, job.state, job.idea, job.seed_text, job.timings?.total, job.pictures?.length].join(' ');
    if (key === shown) return;
    shown = key;
    const done = job.state === 'done' && job.pictures?.length > 0;
    idea.textContent = job.idea;
    idea.hidden = job.idea === job.transcript; // it stands beside, as heard
    fill(facts, done && describe(job));
    fill(warnings, done && (job.warnings ?? []).map((text) => el('li', { lang: foreign() }, WARN(), el('span', {}, text))));
    warnings.hidden = !warnings.children.length;
    facts.hidden = !done;
    actions.hidden = !done;
    if (done) fill(actions, buttons(job));
  }

  const buttons = (job) => {
    const again = button(t('core.again'), () => ask({ ...likeJob(job), seed: newSeed() }), 'primary', DICE());
    again.title = t('core.again-help');
    const seed = job.seed_text;
    const same = seed != null && button(t('core.same-seed'), () => ask({ text: job.idea, prompt: job.prompt, seed }), '', SAME());
    if (same) same.title = t('core.same-seed-help');
    const save = el('a.button', { href: `${job.pictures[0].url}?download=1`, download: '' }, DOWN(), t('core.download'));
    const view = button(t('core.view'), () => tell('view', { id: job.id, n: 0 }), '', EXPAND());
    return [again, same, save, view].filter(Boolean);
  };

  return { node, update };
}

function describe(job) {
  const [width, height] = (job.size ?? '').split('x');
  const seconds = job.timings?.total;
  return [
    job.placeholder ? el('li.pretend', {}, t('core.placeholder')) : job.engine && engineName(job.engine),
    width && `${width} × ${height}`,
    job.seed_text != null && t('core.seed', { seed: job.seed_text }),
    seconds >= 0.05 && number(seconds, { style: 'unit', unit: 'second', unitDisplay: 'short', maximumFractionDigits: seconds < 10 ? 1 : 0 }),
  ].filter(Boolean).map((fact) => (fact.nodeType ? fact : el('li', {}, fact)));
}
