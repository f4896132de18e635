// One picture, large, with everything that is known of it. Its address is #/picture/ID.

import { on, tell } from './bus.js';
import { $, button, el, fill, icon } from './dom.js';
import { t } from './i18n.js';
import * as jobs from './jobs.js';
import { details } from './details.js';
import * as gallery from './gallery.js';
import { DICE, DOWN, EDIT, X } from './icons.js';
import { say } from './say.js';

const NEWER = 'M15 5l-7 7 7 7';
const OLDER = 'M9 5l7 7-7 7';
const PAIR = () => icon('M4 5h7v14H4zM13 5h7v14h-7z');
const BIN = 'M4.5 7h15M9.5 7V4.5h5V7M6.5 7l1 12.5h9l1-12.5M10 11v5M14 11v5';
const ADDRESS = /^#\/picture\/([\w-]+)$/;

let dialog, title, figure, facts, newer, older;
let shown = null; // the job
let n = 0; // which of its pictures

/** Fill the dialog and listen for `view`; open at once where the address names a picture. */
export function initViewer(node) {
  dialog = node;
  dialog.setAttribute('aria-labelledby', 'viewer-title');
  title = el('h2', { id: 'viewer-title' });
  newer = iconButton(NEWER, 'viewer.newer', () => step(-1));
  older = iconButton(OLDER, 'viewer.older', () => step(1));
  figure = el('figure.viewer-picture', {});
  facts = el('div.viewer-facts', {});
  const close = el('button.icon-button', { type: 'button', 'aria-label': t('viewer.close'), onclick: () => dialog.close() }, X());
  dialog.append(el('div.sheet-head', {}, title, newer, older, close), el('div.sheet-body.viewer-body', {}, figure, facts));
  dialog.addEventListener('keydown', pressed);
  dialog.addEventListener('click', ({ target }) => target === dialog && dialog.close());
  dialog.addEventListener('close', closed);
  addEventListener('hashchange', follow);
  on('view', ({ id, n: which = 0 }) => {
    if (!shown) history.pushState({ viewer: true }, '', `#/picture/${id}`);
    show(id, which);
  });
  on('job', (one) => one.id === shown?.id && one !== shown && one.state !== shown.state && draw(one));
  on('job-gone', (id) => id === shown?.id && dialog.close());
  follow();
}

const iconButton = (paths, key, onclick) =>
  el('button.icon-button', { type: 'button', 'aria-label': t(key), title: t(key), onclick }, icon(paths));

/** Show what the address says. */
function follow() {
  const id = ADDRESS.exec(location.hash)?.[1];
  if (id && id !== shown?.id) show(id, 0);
  else if (!id && dialog.open) dialog.close();
}

async function show(id, which) {
  let one = jobs.job(id);
  try {
    one ??= await jobs.fetchJob(id);
  } catch (error) {
    forget();
    return gallery.complain(error);
  }
  if (one.deleted || !jobs.over(one)) {
    forget();
    return one.deleted || tell('focus-job', one);
  }
  n = which;
  const address = `#/picture/${id}`;
  if (location.hash !== address) history.replaceState(history.state, '', address);
  draw(one);
  if (!dialog.open) dialog.showModal();
}

function closed() {
  tell('viewer-closed', shown?.id);
  shown = null;
  fill(figure);
  forget();
}

/** The address without the picture; back where that is how it came. */
function forget() {
  if (!ADDRESS.test(location.hash)) return;
  if (history.state?.viewer) history.back();
  else history.replaceState(null, '', location.pathname + location.search);
}

function draw(one) {
  shown = one;
  title.textContent = one.idea || t('viewer.title');
  drawPicture();
  const can = one.pictures?.length > 0;
  fill(
    facts,
    el(
      'div.row.deeds',
      {},
      can && button(t('viewer.again'), () => ask({ seed: jobs.newSeed() }), 'primary', DICE()),
      can && button(t('viewer.other-prompt'), editPrompt, 'edit', EDIT()),
      can && el('a.button.quiet', { id: 'viewer-download', download: '' }, DOWN(), t('viewer.download')),
      can && button(t('viewer.compare'), () => tell('compare', [shown.id]), 'quiet', PAIR()),
      !can && button(t('viewer.retry'), () => ask({ seed: one.request?.seed ?? undefined }), 'primary', DICE()),
      button(t('viewer.delete'), removeShown, 'quiet remove', icon(BIN)),
    ),
    details(one, n),
  );
  drawAddress();
  facts.parentNode.scrollTop = facts.scrollTop = 0;
  // Not `disabled`: a button that has the focus would take the arrow keys with it.
  for (const [control, way] of [[newer, -1], [older, 1]])
    gallery.neighbour(one.id, way).then((found) => shown === one && control.setAttribute('aria-disabled', !found), () => {});
}

function drawPicture() {
  const { idea, pictures = [] } = shown;
  const one = pictures[n];
  figure.hidden = !one;
  figure.parentNode.classList.toggle('bare', !one);
  if (!one) return;
  const choose = (to) => {
    n = to;
    drawPicture();
    drawAddress();
    $(`.viewer-all :nth-child(${n + 1})`, figure)?.focus();
  };
  fill(
    figure,
    el('img.viewer-large', { src: one.url, width: one.width, height: one.height, alt: idea }),
    pictures.length > 1 &&
      el(
        'div.viewer-all',
        { role: 'group', 'aria-label': t('gallery.pictures', { n: pictures.length }) },
        pictures.map(({ thumb, width, height }, at) =>
          el(
            'button',
            { type: 'button', 'aria-pressed': String(at === n), 'aria-label': t('viewer.nth', { n: at + 1 }), onclick: () => choose(at) },
            el('img', { src: thumb, width, height, alt: '' }),
          ),
        ),
      ),
  );
}

/** What differs from one picture of a job to the next. */
function drawAddress() {
  const one = shown.pictures?.[n];
  if (!one) return;
  $('#viewer-download', facts).href = `${one.url}${one.url.includes('?') ? '&' : '?'}download=1`;
  $('#viewer-seed', facts).textContent = one.seed_text ?? shown.seed_text ?? '';
}

function ask(change) {
  tell('ask', { ...jobs.likeJob(shown), ...change });
  dialog.close();
}

/** The prompt as a field: the same seed, other words. */
function editPrompt() {
  const place = $('#viewer-prompt', facts);
  const seen = [...place.childNodes];
  const text = el('textarea', { id: 'viewer-words', value: shown.prompt, rows: 6, maxLength: 4000 });
  const back = () => {
    fill(place, ...seen);
    $('.edit', facts).focus();
  };
  const paint = (event) => {
    event.preventDefault();
    const prompt = text.value.trim();
    if (!prompt) return text.focus();
    const seed = shown.pictures[n].seed_text ?? shown.seed_text;
    const { size, steps, engine, workflow } = shown;
    ask({ prompt, seed, size, engine, count: 1, ...(steps && { steps }), ...(workflow && { workflow }) });
  };
  text.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') back();
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) paint(event);
    else return;
    event.preventDefault();
  });
  fill(
    place,
    el(
      'form.viewer-form',
      { onsubmit: paint },
      el('label.help', { htmlFor: text.id }, t('viewer.other-prompt-help')),
      text,
      el('div.row', {}, el('button.button.primary', {}, t('viewer.paint')), button(t('viewer.back'), back, 'quiet')),
    ),
  );
  text.focus();
}

async function removeShown() {
  const one = shown;
  const after = await gallery.neighbour(one.id, 1).catch(() => null) ?? await gallery.neighbour(one.id, -1).catch(() => null);
  if (after) await show(after.id, 0);
  if (!(await gallery.remove(one.id))) return show(one.id, 0);
  if (!after) dialog.close();
  else facts.querySelector('.remove').focus();
}

async function step(way) {
  const { id } = shown;
  const found = await gallery.neighbour(id, way).catch(gallery.complain);
  if (!found || shown?.id !== id) return found === undefined && say(t('viewer.no-more'));
  await show(found.id, 0);
  if (!dialog.contains(document.activeElement)) (way < 0 ? newer : older).focus();
  say(found.idea);
}

function pressed(event) {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest('textarea, input')) return;
  const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!way) return;
  event.preventDefault();
  step(way);
}
