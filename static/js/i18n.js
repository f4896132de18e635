// The interface's texts, of one language at a time: static/lang/<code>.json.

export const LANGUAGES = { en: 'English', fr: 'Français' };
const KEPT = 's2i-language';

let texts = {};
export let language = 'en';

/** Load the texts: of the language that was chosen here, else the one the server saw fit. */
export async function loadTexts() {
  language = [chosen(), document.documentElement.lang].find((code) => Object.hasOwn(LANGUAGES, code)) ?? 'en';
  const response = await fetch(`/static/lang/${language}.json`);
  texts = await response.json();
  document.documentElement.lang = language;
}

/** Choose another language; the page is loaded anew with it. */
export function chooseLanguage(code) {
  try {
    localStorage.setItem(KEPT, code);
  } catch {
    // private browsing: the server's choice stays
  }
  location.reload();
}

function chosen() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

/** The text of `key` ("talk.start"), {names} filled in from `values`; with {n}: key_one where n is 1. */
export function t(key, values = {}) {
  const text = (values.n === 1 && lookUp(`${key}_one`)) || lookUp(key);
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

/** Whether there is a text of that key. */
export const has = (key) => lookUp(key) !== undefined;

function lookUp(key) {
  let found = texts;
  for (const part of key.split('.')) found = found?.[part];
  return typeof found === 'string' ? found : undefined;
}

/**
 * An error as the page says it: {message, hint, lang}. In English the server's words, which name
 * the thing; else our own of its code, where there are any. `lang`: 'en' where the words stayed
 * English in another language's page, for screen readers.
 */
export function errorText({ code, message, hint }) {
  const own = ownCode(code);
  if (own && (language !== 'en' || !message)) return { message: t(own), hint: has(`${own}-hint`) ? t(`${own}-hint`) : '' };
  if (!message) return errorText({ code: 'unexpected' });
  return { message, hint: hint ?? '', lang: foreign() };
}

/** The key of our own words for an error's code, if any: many codes share theirs ("=other-code"). */
export function ownCode(code) {
  const text = lookUp(`errors.${code}`);
  return text?.startsWith('=') ? ownCode(text.slice(1)) : text && `errors.${code}`;
}

/** 'en' where this page isn't in English: the `lang` of what the server wrote. */
export const foreign = () => (language === 'en' ? undefined : 'en');

export const number = (value, options) => new Intl.NumberFormat(language, options).format(value);
export const when = (seconds) =>
  new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(seconds * 1000);
/** A language's name in this page's language: "en" → "English". */
export function languageName(code) {
  try {
    return new Intl.DisplayNames(language, { type: 'language' }).of(code);
  } catch {
    return code;
  }
}

/** An engine's name for people: "comfyui" → "ComfyUI". */
export const engineName = (name) => (has(`core.engine-${name}`) ? t(`core.engine-${name}`) : name);
