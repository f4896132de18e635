// One field of the settings for each kind of value.

import { button, el, fill } from './dom.js';
import { foreign, has, languageName, t } from './i18n.js';
import { CHECK } from './icons.js';

const SIZES = ['512x512', '512x768', '768x512', '768x768', '1024x1024', '832x1216', '1216x832'];
const SHOWN = 2500; // ms of "Saved"

const KINDS = { choice, switch: onOff, number, secret, size: text, seed: text, text };

/** A field: {node, update(setting, values), focus(), saved(), wrong(text)}. `save(name, value)`. */
export function makeField(setting, save) {
  const { name } = setting;
  const id = `set-${name}`;
  const key = `settings.${name}`;
  const now = el('p.help', { id: `${id}-now`, hidden: true }); // about the value in force
  const others = el('ul', { lang: foreign() });
  const more = el('details.help', { hidden: true }, el('summary', {}, t('settings.others')), others);
  const error = el('p.wrong', { id: `${id}-wrong`, hidden: true });
  const note = el('span.saved', { 'aria-hidden': 'true', hidden: true }, CHECK(), t('settings.saved'));
  const standard = el('button.reset', { type: 'button', hidden: true, onclick: () => save(name, null) });
  const make = KINDS[setting.kind] ?? text;
  const change = (value) => {
    field.wrong('');
    save(name, value);
  };
  const part = make(setting, change, id);
  const label = el('label', { htmlFor: id }, t(`${key}.label`), setting.unit && el('span.muted', {}, ` (${setting.unit})`));
  part.input.setAttribute('aria-describedby', `${id}-help ${now.id} ${error.id}`);
  const field = {
    node: el(
      `div.field.set-${setting.kind}`,
      {},
      el('div.set-head', {}, label, note, standard),
      part.node,
      el('p.help', { id: `${id}-help` }, t(`${key}.help`)),
      now,
      error,
      more,
    ),
    update(setting, values) {
      const why = off(setting, values);
      part.input.disabled = Boolean(why);
      const reasons = (setting.choices ?? []).filter((one) => one.reason);
      const own = reasons.find((one) => one.value === setting.value)?.reason;
      now.textContent = why ?? own ?? '';
      if (own && !why && foreign()) now.lang = foreign();
      now.hidden = !now.textContent;
      const rest = reasons.filter((one) => one.value !== setting.value);
      fill(others, rest.map((one) => el('li', {}, `${choiceLabel(name, one)}: ${one.reason}`)));
      more.hidden = !rest.length;
      standard.hidden = setting.value === setting.default || Boolean(why) || setting.kind === 'secret';
      standard.textContent = t('settings.standard', { value: said(setting) });
      standard.setAttribute('aria-label', `${t(`${key}.label`)}: ${standard.textContent}`);
      if (!part.busy() && error.hidden) part.show(setting);
    },
    focus: () => part.focus(),
    saved() {
      field.wrong('');
      part.settle();
      note.hidden = false;
      clearTimeout(field.timer);
      field.timer = setTimeout(() => (note.hidden = true), SHOWN);
    },
    wrong(what) {
      error.textContent = what;
      error.hidden = !what;
      part.input.setAttribute('aria-invalid', String(Boolean(what)));
    },
  };
  return field;
}

/** Why a setting can't be changed or has no effect now; undefined where it can. */
function off({ name, fixed }, values) {
  if (fixed) return t(`settings.fixed.${fixed === 'environment' ? 'environment' : 'command'}`);
  if (name === 'seed' && values.seed_policy !== 'fixed') return t('settings.seed.off');
  if (name === 'refiner' && values.refine === false) return t('settings.refiner.off');
  return undefined;
}

function choiceLabel(name, { value, label }) {
  const key = `settings.${name}.choices.${value}`;
  return has(key) ? t(key) : name === 'language' ? languageName(value) : label || value;
}

const said = ({ name, kind, default: value }) => {
  if (kind === 'switch') return t(value ? 'settings.on' : 'settings.off');
  return value === '' ? t('settings.empty') : choiceLabel(name, { value: String(value) });
};

/** The parts of a field with one control; `read` and `write` are the control's value. */
function single(input, { node = input, read, write }) {
  let kept;
  return {
    input, node,
    focus: () => input.focus(),
    busy: () => document.activeElement === input && read() !== kept, // being edited
    show(setting) {
      write(setting);
      kept = read();
    },
    settle: () => (kept = read()),
  };
}

function text({ name, kind, lines, choices }, change, id) {
  const known = choices?.map(({ value }) => value) ?? (kind === 'size' ? SIZES : []);
  const long = lines ?? name === 'negative';
  const list = known.length > 0 && el('datalist', { id: `${id}-list` }, known.map((value) => el('option', { value })));
  const input = el(long ? 'textarea' : 'input', {
    id, autocomplete: 'off', spellcheck: long, rows: long ? 2 : null, type: long ? null : 'text',
    list: null, placeholder: has(`settings.${name}.placeholder`) ? t(`settings.${name}.placeholder`) : null,
    onchange: () => change(input.value.trim()),
  });
  if (kind === 'seed') input.inputMode = 'numeric';
  if (list) input.setAttribute('list', list.id);
  return single(input, { node: el('div', {}, input, list), read: () => input.value, write: ({ value }) => (input.value = value ?? '') });
}

function number({ min, max, step }, change, id) {
  const input = el('input', { id, type: 'number', min, max, step, onchange: () => change(input.value === '' ? null : Number(input.value)) });
  return single(input, { read: () => input.value, write: ({ value }) => (input.value = value) });
}

function onOff(setting, change, id) {
  const input = el('input.switch', { id, type: 'checkbox', role: 'switch', onchange: () => change(input.checked) });
  return single(input, { read: () => input.checked, write: ({ value }) => (input.checked = value) });
}

function choice({ name }, change, id) {
  const input = el('select', { id, onchange: () => change(input.value) });
  const write = ({ value, choices = [] }) => {
    const all = choices.some((one) => one.value === value) ? choices : [...choices, { value, available: true }];
    fill(input, all.map((one) => el('option', { value: one.value, disabled: !one.available && one.value !== value }, choiceLabel(name, one))));
    input.value = value;
  };
  return single(input, { read: () => input.value, write });
}

/** Never shows what is kept: that there is something, and fields to replace or clear it. */
function secret(setting, change, id) {
  const input = el('input', { id, type: 'password', autocomplete: 'new-password', onchange: () => input.value && change(input.value) });
  const replace = button(t('settings.replace'), () => edit(true));
  const clear = button(t('settings.clear'), () => change(null), 'quiet');
  const kept = el('div.row', {}, el('span.chip', {}, CHECK(), t('settings.kept')), replace, clear);
  const edit = (yes) => {
    kept.hidden = yes;
    input.hidden = !yes;
    if (yes) input.focus();
  };
  return {
    input,
    node: el('div', {}, kept, input),
    focus: () => (input.hidden ? replace : input).focus(),
    busy: () => document.activeElement === input && input.value !== '',
    settle: () => (input.value = ''),
    show({ set, fixed }) {
      const inside = kept.contains(document.activeElement) || document.activeElement === input;
      kept.hidden = !set;
      input.hidden = Boolean(set);
      replace.hidden = clear.hidden = Boolean(fixed);
      if (inside) (set ? replace : input).focus();
    },
  };
}
