// What works: speech, prompt, picture; each with a sign and words. The details open from it.

import { on } from './bus.js';
import { $, el, fill } from './dom.js';
import { engineName, foreign, has, language, languageName, ownCode, t } from './i18n.js';
import { CHECK, MIC, OFF, PEN, PICTURE, WAIT, WARN, X } from './icons.js';

const PARTS = ['recogniser', 'refiner', 'engine'];
const KIND = { recogniser: MIC, refiner: PEN, engine: PICTURE };
const SIGN = { ready: CHECK, loading: WAIT, off: OFF, weak: WARN, missing: X, failed: X };

export function initStatus(root) {
  const chips = el('span.chips', {}, el('span.muted', {}, t('status.asking')));
  const more = el('div.status-more', { id: 'status-more', popover: 'auto', role: 'region', tabIndex: 0, 'aria-label': t('status.title') });
  const open = el(
    'button.status-button',
    { type: 'button', 'aria-expanded': 'false', 'aria-controls': 'status-more', title: t('status.details'), popoverTargetElement: more },
    el('span.unseen', {}, t('status.colon', { part: t('status.title') })), chips,
  );
  fill(root, open, more);
  let now = {};

  function draw() {
    fill(chips, PARTS.filter((part) => now[part]).map(chip));
    fill(
      more,
      el('h2', {}, t('status.title')),
      PARTS.filter((part) => now[part]).map(details),
      el('p.muted', {}, t('status.version', { version: now.version ?? '' })),
    );
  }

  function chip(part) {
    const { tone, name } = DESCRIBE[part](now[part], now);
    return el(
      `span.state.${tone}`, {},
      KIND[part](), el('span.kind', {}, title(part)), el('span.name', {}, name), SIGN[tone](),
      tone !== 'ready' && el('span.unseen', {}, ` (${t(`status.${tone}`)})`),
    );
  }

  function details(part) {
    const { tone, name, lines, better } = DESCRIBE[part](now[part], now);
    return el(
      `section.detail.${tone}`, {},
      SIGN[tone](),
      el('h3', {}, title(part) + name),
      el('p', {}, t(`status.${tone}`)),
      lines.filter(Boolean).map((line) => el('p.muted', { lang: line.lang }, line.text ?? line)),
      better && el('p.better', { lang: better.lang }, better.text),
    );
  }

  more.addEventListener('beforetoggle', ({ newState }) => {
    if (newState !== 'open') return;
    const { bottom, left } = open.getBoundingClientRect();
    more.style.setProperty('--top', `${Math.max(8, bottom + 6)}px`);
    more.style.setProperty('--left', `${left}px`);
  });
  more.addEventListener('toggle', ({ newState }) => open.setAttribute('aria-expanded', String(newState === 'open')));

  on('status', (status) => ((now = status), draw()));
  on('status-part', (part) => {
    now = { ...now, ...part };
    if (now.boot) draw();
  });
  connection();
}

const title = (part) => t('status.colon', { part: t(`status.${part}`) });

// What each part is: {tone, name, lines, better}. Our own words wherever the facts allow it.
const DESCRIBE = {
  recogniser(part, { language: code }) {
    const ready = part.state === 'ready';
    return {
      tone: part.state,
      name: languageName(code),
      lines: [
        ready && t('status.recogniser-ready', { name: part.recogniser, model: part.model }),
        part.state === 'loading' && t('status.typing-works'),
        why('recogniser', part),
      ],
      better: better('recogniser', part),
    };
  },
  refiner(part) {
    return {
      tone: part.state,
      name: part.state === 'off' ? t('status.own-words') : (part.name ?? t('status.none')),
      lines: [part.state === 'off' && t('status.refiner-off'), why('refiner', part)],
      better: better('refiner', part),
    };
  },
  engine(part) {
    const ready = part.state === 'ready';
    return {
      tone: ready && part.placeholder ? 'weak' : part.state,
      name: engineName(part.name ?? part.wanted ?? ''),
      lines: [
        ready && part.placeholder && t('core.placeholder'),
        ready && part.placeholder && part.wanted === 'auto' && part.address && t('status.no-comfyui', part),
        ready && part.name === 'comfyui' && part.address && t(part.version ? 'status.at-version' : 'status.at', part),
        ready && part.previews === false && t('status.no-previews'),
        why('engine', part),
      ],
      better: better('engine', part),
    };
  },
};

/** Why it doesn't work: the server's words in English, else our own. */
function why(part, { state, reason, code }) {
  if (!['missing', 'failed'].includes(state)) return false;
  return language === 'en' && reason ? reason : t(ownCode(code) ?? `status.${part}-missing`);
}

/** What would make it better: the server's words in English, else our own. An engine is set up in
 * the settings here, while the server's words are for the command line. */
function better(part, { better: said }) {
  if (!said) return null;
  return (language === 'en' && part !== 'engine') || !has(`status.better-${part}`) ? { text: said, lang: foreign() } : { text: t(`status.better-${part}`) };
}

/** A line while the program doesn't answer. A hiccup of a second isn't worth one. */
function connection() {
  const line = $('#lost');
  let timer;
  on('connection', (there) => {
    if (there) {
      clearTimeout(timer);
      timer = undefined;
      line.textContent = '';
    } else {
      timer ??= setTimeout(() => (line.textContent = t('core.lost')), 1000);
    }
  });
}
