// The stage: which job is shown, and its picture, progress and result.

import { on, tell } from './bus.js';
import { button, el, fill, kept, soon } from './dom.js';
import { makeFrame } from './frame.js';
import { t } from './i18n.js';
import * as jobs from './jobs.js';
import { makeProgress } from './progress.js';
import { makeResult } from './result.js';
import { alarm, say, toast } from './say.js';
import { report, sentence } from './trouble.js';

const SHOWN = 'shown';

export function initStage(root) {
  const wrong = el('div');
  const frame = makeFrame(welcome(), {
    retry: (job) => ask(again(job)),
    useWords: (job) => ask({ ...again(job), refine: false }),
  });
  const progress = makeProgress((job) => attempt(() => jobs.cancel(job.id)));
  const result = makeResult((wanted) => ask(wanted));
  root.setAttribute('aria-labelledby', 'stage-title');
  fill(
    root,
    el('h2.unseen', { id: 'stage-title', tabIndex: -1 }, t('core.picture')),
    frame.node, el('div.below', {}, progress.node, wrong, result.node),
  );

  let shown = null; // the id
  let parted = null; // of a job that was deleted while it was shown
  let state = ''; // its, as it was last said
  let unnote = () => {}; // takes the note on it away
  let noted = ''; // the last of elsewhere's jobs

  const draw = soon(() => {
    const job = shown && jobs.job(shown);
    frame.update(job ?? null);
    progress.update(job ?? null);
    result.update(job ?? null);
  });

  function show(id) {
    if (id !== shown) {
      shown = id;
      state = jobs.job(id)?.state ?? '';
      kept.set(SHOWN, id);
      wrong.replaceChildren();
      unnote();
    }
    changed();
  }

  function changed() {
    const job = (shown && jobs.job(shown)) || null;
    if (job && job.state !== state) announce(job);
    tell('shown', job);
    draw();
  }

  function announce(job) {
    state = job.state;
    if (state === 'done') say(t('core.finished', { idea: job.idea }));
    if (state === 'failed') alarm(sentence(job.error ?? { code: 'unexpected' }));
    if (state === 'cancelled') say(t('core.cancelled'));
  }

  /** The same once more; where the prompt wasn't written yet, it will be. */
  function again(job) {
    const unrefined = job.error?.stage === 'refine' || !job.prompt || job.prompt === job.idea;
    return { ...jobs.likeJob(job), ...(unrefined && { prompt: undefined, refine: job.request?.refine }) };
  }

  const ask = (wanted) => attempt(() => jobs.submit(wanted));

  async function attempt(deed) {
    wrong.replaceChildren();
    try {
      await deed();
    } catch (error) {
      report(wrong, error, error.retryable && button(t('core.retry'), () => attempt(deed)));
    }
  }

  function offer(job) {
    unnote();
    unnote = toast(t('core.another'), { label: t('core.show'), act: () => show(job.id), seconds: 15 });
  }

  on('status', () => {
    const newest = jobs.unfinished().at(-1);
    const before = shown ?? kept.get(SHOWN);
    if (before && jobs.job(before)) show(before);
    else if (newest) show(newest.id);
    else if (before) jobs.fetchJob(before).then(() => shown ?? show(before), () => kept.set(SHOWN, null));
  });
  on('focus-job', (job) => show(job.id));
  on('job', (job) => {
    if (job.id === shown) return changed();
    if (!shown && (!jobs.over(job) || job.id === parted)) return show(job.id);
    if (job.state === 'queued' && job.id !== noted) {
      noted = job.id;
      // What was asked for here is shown as soon as its answer comes, before anybody reads a note.
      setTimeout(() => job.id !== shown && jobs.job(shown)?.created < job.created && offer(job), 400);
    }
    const waiting = shown && jobs.job(shown);
    if (jobs.over(job) && waiting?.state === 'queued') draw(); // one less before it
  });
  on('job-gone', (id) => {
    if (id !== shown) return;
    parted = id;
    show(null);
  });
  draw();
}

/** What an empty stage says, with ideas to begin with. */
function welcome() {
  const example = (key) => {
    const text = t(`core.example-${key}`);
    return el('li', {}, button(text, () => (tell('compose', { text }), tell('ask', { text }))));
  };
  return el(
    'div.welcome', {},
    el('p.big', {}, t('core.welcome')),
    el('p.muted', {}, t('core.welcome-help')),
    el('ul.examples', {}, [1, 2, 3].map(example)),
  );
}
