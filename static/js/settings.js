// The settings: each is saved as soon as it is changed, on the server, for every page.

import * as api from './api.js';
import { on } from './bus.js';
import { button, el, fill } from './dom.js';
import { chooseLanguage, LANGUAGES, language, t } from './i18n.js';
import { X } from './icons.js';
import { say } from './say.js';
import { makeField } from './settings-fields.js';
import { sentence, trouble } from './trouble.js';

const FIRST = { language: 'speech', refine: 'prompt', engine: 'engine', size: 'picture' }; // of its group
const HIDDEN = new Set(['device']); // the server's own microphone is no matter of a page

const fields = new Map();
let dialog, body;

/** Fill the dialog and listen for `open-settings`. */
export function initSettings(node) {
  dialog = node;
  dialog.setAttribute('aria-labelledby', 'settings-title');
  body = el('div.sheet-body', { tabIndex: -1 });
  const close = el('button.icon-button', { type: 'button', 'aria-label': t('settings.close'), onclick: () => dialog.close() }, X());
  dialog.append(el('div.sheet-head', {}, el('h2', { id: 'settings-title' }, t('settings.title')), close), body);
  dialog.addEventListener('click', ({ target }) => target === dialog && dialog.close());
  on('open-settings', open);
  on('settings', () => dialog.open && refresh().catch(() => {}));
  on('status-part', () => dialog.open && refresh().catch(() => {})); // what can be chosen may have changed
}

async function open(name) {
  if (!dialog.open) dialog.showModal();
  try {
    await refresh();
  } catch (error) {
    fields.clear();
    fill(body, trouble(error, button(t('settings.again'), () => open(name))));
  }
  fields.get(name)?.focus();
}

async function refresh() {
  show((await api.get('/api/settings')).settings);
}

function show(all) {
  const shown = all.filter(({ name }) => !HIDDEN.has(name));
  if (shown.length !== fields.size) build(shown);
  const values = Object.fromEntries(shown.map(({ name, value }) => [name, value]));
  for (const one of shown) fields.get(one.name).update(one, values);
}

function build(all) {
  fields.clear();
  fill(body);
  let group;
  for (const one of all) {
    if (FIRST[one.name] || !group) body.append((group = section(FIRST[one.name] ?? 'picture')));
    const field = makeField(one, save);
    fields.set(one.name, field);
    group.append(field.node);
  }
  body.append(page());
}

const section = (name) => {
  const id = `settings-${name}`;
  return el('section.group', { 'aria-labelledby': id }, el('h3', { id }, t(`settings.groups.${name}`)));
};

/** The page's own language; that alone is kept in the browser. */
function page() {
  const select = el(
    'select',
    { id: 'set-page', 'aria-describedby': 'set-page-help', onchange: () => chooseLanguage(select.value) },
    Object.entries(LANGUAGES).map(([value, name]) => el('option', { value, selected: value === language, lang: value }, name)),
  );
  const group = section('page');
  group.append(el('div.field', {}, el('label', { htmlFor: select.id }, t('settings.page.label')), select, el('p.help', { id: 'set-page-help' }, t('settings.page.help'))));
  return group;
}

/** Save one; whether that went well. What is wrong is said at its field. */
async function save(name, value) {
  const field = fields.get(name);
  try {
    const { settings } = await api.put('/api/settings', { [name]: value });
    field.saved();
    show(settings);
    say(t('settings.saved-one', { name: t(`settings.${name}.label`) }));
  } catch (error) {
    const wrong = fields.get(error.more?.field) ?? field;
    wrong.wrong(sentence(error));
    wrong.focus();
  }
}
