// How far the job is: what happens, a bar with percent, the time that is left, a button to stop it.

import { button, el } from './dom.js';
import { language, number, t } from './i18n.js';
import { ahead, over } from './jobs.js';
import { say } from './say.js';

const SPOKEN = [1, 0.75, 0.5, 0.25]; // of the whole; each is said once

/** {node, update(job | null)}; `stop(job)` is called to cancel. */
export function makeProgress(stop) {
  const bar = el('div.track', { role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-label': t('core.progress') }, el('span'));
  const what = el('span.what');
  const percent = el('span.percent');
  const left = el('span.muted');
  const part = el('span.muted.part');
  const cancel = button(t('core.cancel'), () => stop(job));
  const node = el('div.progress', { hidden: true }, bar, el('p.doing', {}, what, percent, left, part), cancel);

  let job = null;
  let phase = '';
  let spoken = 0;

  function update(found) {
    if (found?.id !== job?.id) {
      phase = '';
      spoken = 0;
    }
    job = found;
    node.hidden = !job || over(job);
    if (node.hidden) return;
    const progress = job.stage === 'generate' ? job.live.progress : null;
    const fraction = progress ? Math.min(1, Math.max(0, progress.fraction ?? 0)) : null;
    const doing = describe(job);
    what.textContent = doing;
    percent.textContent = fraction === null ? '' : number(fraction, { style: 'percent' });
    left.textContent = progress?.eta == null || fraction === 1 ? '' : remaining(progress.eta);
    part.textContent = progress?.node ?? '';
    bar.classList.toggle('unknown', fraction === null);
    if (fraction === null) {
      bar.removeAttribute('aria-valuenow');
      bar.setAttribute('aria-valuetext', doing);
    } else {
      bar.style.setProperty('--done', fraction);
      bar.setAttribute('aria-valuenow', Math.round(fraction * 100));
      bar.setAttribute('aria-valuetext', [percent.textContent, left.textContent].filter(Boolean).join(', '));
    }
    announce(doing, fraction);
  }

  function announce(doing, fraction) {
    if (doing !== phase) {
      phase = doing;
      say(doing);
    }
    const mark = SPOKEN.find((one) => fraction >= one) ?? 0;
    if (mark > spoken && mark < 1) // the end is said by the stage
      say([number(mark, { style: 'percent' }), left.textContent].filter(Boolean).join(', '));
    spoken = Math.max(spoken, mark);
  }

  return { node, update };
}

function describe(job) {
  const before = ahead(job);
  if (job.state === 'queued') return before ? t('core.before', { n: before }) : t('core.starting');
  if (job.stage === 'refine') return t('core.writing');
  if (job.live.queued > 0) return t('core.before-engine', { n: job.live.queued });
  return job.stage === 'generate' ? t('core.painting') : t('core.starting');
}

/** Seconds as people say them: 12.3 → "about 12 s left". */
function remaining(seconds) {
  if (seconds < 1) return t('core.nearly');
  const [value, unit] = seconds < 90 ? [seconds < 20 ? Math.round(seconds) : Math.round(seconds / 5) * 5, 'second'] : [Math.round(seconds / 60), 'minute'];
  const time = new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: unit === 'second' ? 'narrow' : 'short' }).format(value);
  return t('core.left', { time });
}
