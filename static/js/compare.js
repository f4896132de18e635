// Two pictures side by side: the same zoom for both, the words marked in which their prompts differ.

import { on } from './bus.js';
import { $, button, el, fill, icon } from './dom.js';
import { t } from './i18n.js';
import * as jobs from './jobs.js';
import { difference } from './difference.js';
import { engine } from './details.js';
import * as gallery from './gallery.js';
import { X } from './icons.js';
import { tile } from './tile.js';

const SWAP = 'M4 8h15l-4-4M20 16H5l4 4';
const ZOOM = 3;
const sides = [undefined, undefined]; // jobs

let dialog, pair, picker;
let turn = 1; // which side the next choice is for
let at = [50, 50]; // what is zoomed at, % of the picture

/** Fill the dialog and listen for `compare`. */
export function initCompare(node) {
  dialog = node;
  dialog.setAttribute('aria-labelledby', 'compare-title');
  pair = el('div.pair', {});
  picker = el('ul.tiles', { role: 'list', 'aria-labelledby': 'compare-pick', onclick: picked, onscroll: more });
  const swap = button(t('viewer.pair.swap'), () => (sides.reverse(), draw()), '', icon(SWAP));
  const close = el('button.icon-button', { type: 'button', 'aria-label': t('viewer.close'), onclick: () => dialog.close() }, X());
  dialog.append(
    el('div.sheet-head', {}, el('h2', { id: 'compare-title' }, t('viewer.pair.title')), swap, close),
    el('div.sheet-body.compare-body', {}, pair, el('h3', { id: 'compare-pick' }), picker),
  );
  dialog.addEventListener('click', ({ target }) => target === dialog && dialog.close());
  dialog.addEventListener('close', () => fill(picker));
  on('compare', open);
  on('job-gone', (id) => dialog.open && sides.some((one) => one?.id === id) && dialog.close());
}

const painted = (one) => one?.pictures?.length > 0;

async function open([first, second]) {
  try {
    sides[0] = await got(first);
    sides[1] = second ? await got(second) : ((await beside(first, 1)) ?? (await beside(first, -1)));
  } catch (error) {
    return gallery.complain(error);
  }
  turn = 1;
  zoom(false);
  draw();
  if (!dialog.open) dialog.showModal();
  fill(picker);
  more();
}

const got = async (id) => jobs.job(id) ?? jobs.fetchJob(id);

async function beside(id, way) {
  let one = await gallery.neighbour(id, way);
  while (one && !painted(one)) one = await gallery.neighbour(one.id, way);
  return one;
}

function draw() {
  const [left, right] = sides;
  const [words, others] = difference(left?.prompt ?? '', right?.prompt ?? '');
  fill(pair, side(0, left, words), side(1, right, others));
  $('#compare-pick', dialog).textContent = t('viewer.pair.pick', { side: t(`viewer.pair.side-${turn}`) });
  mark();
}

function side(index, one, words) {
  const choose = () => {
    turn = index;
    draw();
    $(`.pair > :nth-child(${index + 1}) .turn`, dialog).focus();
  };
  const head = el('button.button.turn', { type: 'button', 'aria-pressed': String(turn === index), onclick: choose }, t('viewer.pair.change', { side: t(`viewer.pair.side-${index}`) }));
  if (!one) return el('section', {}, head, el('p.muted', {}, t('viewer.pair.none')));
  const { url, width, height } = one.pictures[0];
  return el(
    'section',
    { 'aria-label': t(`viewer.pair.side-${index}`) },
    el(
      'button.zoomer',
      { type: 'button', 'aria-pressed': 'false', 'aria-label': t('viewer.pair.zoom', { idea: one.idea }), onclick: zoomed, onpointermove: moved, onkeydown: shifted },
      el('img', { src: url, width, height, alt: one.idea }),
    ),
    head,
    el('h3', {}, one.idea),
    el('p.pair-words', {}, words.map(([text, differs]) => (differs ? el('mark', {}, text) : text))),
    el('p.help', {}, [`${t('viewer.seed')} ${one.pictures[0].seed_text ?? one.seed_text}`, one.size?.replace('x', ' × '), engine(one.engine)].join(' · ')),
  );
}

const zoomers = () => [...pair.querySelectorAll('.zoomer')];

function zoom(yes) {
  pair.classList.toggle('zoomed', yes);
  for (const one of zoomers()) one.setAttribute('aria-pressed', yes);
}

function zoomed(event) {
  if (event.detail) aim(event); // by a pointer, not by a key
  else at = [50, 50];
  zoom(!pair.classList.contains('zoomed'));
  place();
}

function aim({ currentTarget, clientX, clientY }) {
  const box = currentTarget.getBoundingClientRect();
  at = [((clientX - box.left) / box.width) * 100, ((clientY - box.top) / box.height) * 100];
}

function moved(event) {
  if (!pair.classList.contains('zoomed')) return;
  aim(event);
  place();
}

function shifted(event) {
  const way = { ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, -10], ArrowDown: [0, 10] }[event.key];
  if (!way || !pair.classList.contains('zoomed')) return;
  event.preventDefault();
  at = at.map((value, axis) => Math.min(100, Math.max(0, value + way[axis])));
  place();
}

function place() {
  const scale = pair.classList.contains('zoomed') ? ZOOM : 1;
  for (const one of zoomers()) {
    one.firstChild.style.transformOrigin = `${at[0]}% ${at[1]}%`;
    one.firstChild.style.transform = scale > 1 ? `scale(${scale})` : '';
  }
}

/** Mark in the row of tiles which two are shown. */
function mark() {
  for (const { firstChild } of picker.children) firstChild.setAttribute('aria-pressed', String(sides.some((one) => one?.id === firstChild.dataset.id)));
}

function picked({ target }) {
  const id = target.closest('.tile')?.dataset.id;
  if (!id) return;
  sides[turn] = jobs.job(id);
  zoom(false);
  draw();
}

let adding = false;

/** Add tiles to the row while its end is near. */
async function more() {
  if (adding) return;
  adding = true;
  try {
    while (dialog.open && picker.scrollWidth - picker.scrollLeft < picker.clientWidth + 800) {
      const last = picker.lastChild?.firstChild.dataset.id;
      const next = last ? await beside(last, 1) : await newest();
      if (!next) break;
      picker.append(el('li', {}, tile(next)));
    }
  } finally {
    adding = false;
    mark();
  }
}

async function newest() {
  const one = gallery.first();
  return painted(one) || !one ? one : beside(one.id, 1);
}
