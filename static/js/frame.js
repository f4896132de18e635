// The picture's frame: one box from the first preview to the finished picture, of the job's shape.

import { tell } from './bus.js';
import { button, el, fill } from './dom.js';
import { t } from './i18n.js';
import { over } from './jobs.js';
import { settingsButton, trouble } from './trouble.js';

/** A frame: {node, update(job | null)}. `empty`: what it holds where there is no job. */
export function makeFrame(empty, actions) {
  const preview = el('img.preview', { alt: '', hidden: true });
  const picture = el('img.picture', { alt: '' });
  const see = el('button.see', { type: 'button', hidden: true, title: t('core.view'), onclick: () => tell('view', { id: job.id, n }) }, picture);
  const middle = el('div.middle');
  const thumbs = el('div.thumbs', { hidden: true, role: 'group', 'aria-label': t('core.pictures') });
  const frame = el('div.frame', {}, preview, see, middle);
  const node = el('div.framed', {}, frame, thumbs);

  let job = null;
  let n = 0; // which of the pictures
  let wanted = ''; // its address, once it is asked for
  let settled = ''; // the job whose shape the frame has
  let state = '';

  function update(found) {
    if (found?.id !== job?.id) {
      n = 0;
      wanted = state = '';
      see.hidden = preview.hidden = true;
      preview.removeAttribute('src');
    }
    job = found;
    frame.classList.toggle('empty', !job);
    thumbs.hidden = true;
    if (!job) return void fill(middle, empty);
    const running = !over(job);
    shape();
    frame.classList.toggle('busy', running && preview.hidden);
    if (job.live?.preview && preview.src !== job.live.preview) {
      preview.src = job.live.preview;
      preview.hidden = false;
    }
    if (job.pictures?.length) load();
    row();
    if (job.state !== state) {
      state = job.state;
      fill(middle, state === 'failed' && failure(), state === 'cancelled' && stopped());
      if (state === 'failed' || state === 'cancelled') preview.hidden = true;
    }
  }

  /** Give the frame the job's shape as soon as that is known, and once only: nothing jumps. */
  function shape() {
    if (settled === job.id) return;
    const asked = job.request ?? {};
    const [width, height] = (job.size ?? '').split('x').map(Number);
    const ratio = width && height ? width / height : asked.width / asked.height;
    if (!(ratio > 0)) return;
    node.parentNode.style.setProperty('--ratio', Math.min(4, Math.max(0.25, ratio)).toFixed(4));
    if (width && height) settled = job.id;
  }

  function load() {
    const { url } = job.pictures[Math.min(n, job.pictures.length - 1)];
    if (url === wanted) return;
    wanted = url;
    const next = new Image();
    next.src = url;
    next.decode().then(
      () => {
        if (url !== wanted) return;
        picture.src = url;
        picture.alt = job.idea;
        see.hidden = false;
        preview.hidden = true;
        frame.classList.remove('busy');
      },
      () => {
        if (url !== wanted) return;
        const again = () => ((wanted = ''), fill(middle), load());
        fill(middle, trouble({ code: 'picture-unreadable' }, button(t('core.retry'), again)));
      },
    );
  }

  /** One small picture each where there are several; their places are kept from the start. */
  function row() {
    const count = Math.max(job.pictures?.length ?? 0, over(job) ? 0 : (job.request?.count ?? 1));
    thumbs.hidden = count < 2;
    if (thumbs.hidden) return;
    const key = `${job.id} ${count} ${job.pictures?.length ?? 0}`;
    if (thumbs.dataset.key !== key) {
      thumbs.dataset.key = key;
      fill(thumbs, Array.from({ length: count }, (_, at) => thumb(at)));
    }
    [...thumbs.children].forEach((one, at) => one.setAttribute('aria-pressed', String(at === n)));
  }

  function thumb(at) {
    const found = job.pictures?.[at];
    const label = t('core.picture-n', { n: at + 1 });
    const choose = () => ((n = at), load(), row());
    return el(
      'button.thumb', { type: 'button', disabled: !found, 'aria-label': label, onclick: choose },
      found && el('img', { src: found.thumb, alt: '' }),
    );
  }

  const failure = () => {
    const error = job.error ?? { code: 'unexpected' };
    return trouble(
      error,
      error.retryable && button(t('core.retry'), () => actions.retry(job), 'primary'),
      error.stage === 'refine' && button(t('core.use-words'), () => actions.useWords(job)),
      settingsButton(error),
    );
  };

  const stopped = () =>
    el('div.quiet-note', {}, el('p', {}, t('core.cancelled')), button(t('core.retry'), () => actions.retry(job)));

  return { node, update };
}
