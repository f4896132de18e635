// One of the gallery's tiles: a picture, one that is being made, or one that came to nothing.

import { el, fill } from './dom.js';
import { number, t } from './i18n.js';
import { over } from './jobs.js';

/** A button that shows the job; `paint` keeps it true. */
export const tile = (one, props = {}) => paint(el('button.tile', { type: 'button', ...props }), one);

/** Draw the job into `node`, where anything of it has changed. Returns `node`. */
export function paint(node, one) {
  const look = over(one) ? [one.state, one.pictures?.[0]?.thumb, one.pictures?.length].join() : '';
  if (look && node.dataset.look === look) return node;
  Object.assign(node.dataset, { look, id: one.id, state: one.state });
  if (!look) return running(node, one);
  const first = one.pictures?.[0];
  return first ? picture(node, one, first) : nothing(node, one, `gallery.states.${one.state}`);
}

function picture(node, one, { thumb, width, height }) {
  const count = one.pictures.length;
  return fill(
    node,
    el('img', {
      width, height, loading: 'lazy', decoding: 'async', alt: one.idea, src: thumb,
      onerror: () => nothing(node, one, 'gallery.missing'),
    }),
    el('span.tile-idea', { 'aria-hidden': 'true' }, one.idea),
    count > 1 && el(one.placeholder ? 'span.badge.second' : 'span.badge', {}, el('span', { 'aria-hidden': 'true' }, number(count)), el('span.unseen', {}, t('gallery.pictures', { n: count }))),
    one.placeholder && el('span.badge.start', {}, t('gallery.placeholder')),
  );
}

const nothing = (node, one, why) => fill(node, el('span.tile-state', {}, t(why)), el('span.tile-words', {}, one.idea));

function running(node, one) {
  const { progress, preview } = one.live ?? {};
  const part = progress?.fraction ?? null;
  if (!node.querySelector('.ring'))
    fill(
      node,
      el('img', { alt: '', hidden: true }),
      el('span.ring', {}, el('span.tile-part', {})),
      el('span.tile-words', {}, one.idea || t('gallery.nothing-yet')),
    );
  const [image, ring, words] = node.children;
  if (preview && image.src !== preview) Object.assign(image, { src: preview, hidden: false });
  ring.classList.toggle('waiting', part === null);
  ring.style.setProperty('--part', part ?? 0.25);
  const state = part === null ? t(`gallery.states.${one.state}`) : number(part, { style: 'percent' });
  if (ring.firstChild.textContent !== state) ring.firstChild.textContent = state;
  if (one.idea && words.textContent !== one.idea) words.textContent = one.idea;
  return node;
}
