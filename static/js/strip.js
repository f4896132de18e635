// The strip below the stage: everything that was made, newest first. "Show all" makes it a grid.

import { on, tell } from './bus.js';
import { button, el, fill } from './dom.js';
import { number, t } from './i18n.js';
import { job, over } from './jobs.js';
import * as gallery from './gallery.js';
import { GRID } from './icons.js';
import { paint, tile } from './tile.js';
import { trouble } from './trouble.js';

const AHEAD = '1200px'; // of what is seen, the next page is fetched
const places = new Map(); // id → li

let list, end, watcher, root, current;

/** Fill the section. */
export function initStrip(section) {
  root = section;
  const count = el('span.muted', {});
  const empty = el('p.muted', {}, t('gallery.empty'));
  const all = el('button.button.quiet', { type: 'button', 'aria-expanded': 'false', onclick: () => showAll(!isAll()) });
  list = el('ul.tiles', { role: 'list', 'aria-label': t('gallery.title'), onkeydown: pressed, onclick: clicked });
  end = el('li.tiles-end', { 'aria-hidden': 'true' });
  list.append(end);
  list.addEventListener('focusin', ({ target }) => target.dataset.id && rove(target.dataset.id));
  fill(root, el('div.strip-head', {}, el('h2', {}, t('gallery.title')), count, all), empty, list);

  const isAll = () => root.classList.contains('all');
  const head = (total) => {
    count.textContent = total ? number(total) : '';
    empty.hidden = total > 0;
    list.hidden = all.hidden = !total;
    fill(all, GRID(), t(isAll() ? 'gallery.show-fewer' : 'gallery.show-all'));
  };
  function showAll(yes) {
    root.classList.toggle('all', yes);
    all.setAttribute('aria-expanded', yes);
    head(gallery.total);
    watch();
    root.scrollIntoView({ block: yes ? 'start' : 'nearest' });
  }

  on('gallery-total', head);
  on('gallery-put', put);
  on('gallery-gone', gone);
  on('open-gallery', () => {
    showAll(true);
    all.focus({ preventScroll: true });
  });
  on('viewer-closed', (id) => {
    const now = document.activeElement;
    // In Chromium the focus is still on a button of the closed viewer.
    if (now === document.body || !now.checkVisibility() || list.contains(now)) focus(id);
  });
  on('connection', (up) => up && end.querySelector('button') && load());
  head(0);
  watch();
}

function put({ one, next }) {
  const place = places.get(one.id);
  if (place) return void paint(place.firstChild, one);
  const made = el('li', {}, tile(one, { tabIndex: -1, 'aria-keyshortcuts': 'Delete' }));
  places.set(one.id, made);
  list.insertBefore(made, places.get(next) ?? end);
  if (!current) rove(one.id);
}

function gone(id) {
  const place = places.get(id);
  const beside = tileOf(place?.nextSibling) ?? tileOf(place?.previousSibling);
  const focused = place?.contains(document.activeElement);
  if (current === id) current = undefined;
  if (!current && beside) rove(beside.dataset.id);
  place?.remove();
  places.delete(id);
  if (focused) beside?.focus();
}

const tileOf = (place) => place?.querySelector?.('.tile');

/** Load the next page whenever the end comes near. */
function watch() {
  watcher?.disconnect();
  const all = root.classList.contains('all');
  const margin = all ? `${AHEAD} 0px` : `0px ${AHEAD}`;
  watcher = new IntersectionObserver(([seen]) => seen.isIntersecting && load(), { root: all ? null : list, rootMargin: margin });
  watcher.observe(end);
  if (!places.size) load(); // an empty list isn't shown and so never near
}

async function load() {
  try {
    await gallery.load();
    fill(end);
    end.hidden = !gallery.more;
    watcher.unobserve(end);
    if (gallery.more) watcher.observe(end); // says again whether it is near
  } catch (error) {
    list.hidden = false;
    end.removeAttribute('aria-hidden');
    fill(end, trouble(error, button(t('gallery.load-again'), load)));
  }
}

function clicked({ target }) {
  const id = target.closest('.tile')?.dataset.id;
  if (!id) return;
  const one = job(id);
  if (over(one)) return tell('view', { id });
  tell('focus-job', one);
  document.querySelector('#stage').scrollIntoView({ block: 'nearest' });
}

function rove(id) {
  const old = tileOf(places.get(current));
  if (old) old.tabIndex = -1;
  current = id;
  tileOf(places.get(id)).tabIndex = 0;
}

function focus(id) {
  const found = tileOf(places.get(id));
  found?.focus({ preventScroll: true });
  found?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

async function pressed(event) {
  const id = event.target.dataset.id;
  if (!id || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === 'Delete' || event.key === 'Backspace') {
    if (over(job(id))) gallery.remove(id);
    return event.preventDefault();
  }
  const across = root.classList.contains('all') ? getComputedStyle(list).gridTemplateColumns.split(' ').length : 1;
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across, Home: -Infinity, End: Infinity }[event.key];
  if (!step) return;
  event.preventDefault();
  const at = [...list.children].indexOf(places.get(id)) + step;
  if (at >= places.size && gallery.more) await gallery.load().catch(() => {});
  focus(list.children[Math.min(Math.max(at, 0), places.size - 1)]?.firstChild.dataset.id);
}
