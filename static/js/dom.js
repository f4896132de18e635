// Making and finding elements.

export const $ = (selector, root = document) => root.querySelector(selector);

/** An element: el('button.primary', {type: 'button', onclick}, 'text', child). False children are left out. */
export function el(what, props = {}, ...children) {
  const [tag, ...classes] = what.split('.');
  const node = document.createElement(tag || 'div');
  if (classes.length) node.className = classes.join(' ');
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'dataset') Object.assign(node.dataset, value);
    else if (name in node && !name.startsWith('aria')) node[name] = value;
    else if (value !== false) node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat().filter((child) => child !== false && child != null));
  return node;
}

const NS = 'http://www.w3.org/2000/svg';

/** An icon of 24 by 24 drawn with a line: `paths` is what goes into `d`. Hidden from screen readers. */
export function icon(paths) {
  const svg = document.createElementNS(NS, 'svg');
  for (const [name, value] of Object.entries({ viewBox: '0 0 24 24', 'aria-hidden': 'true', class: 'icon' }))
    svg.setAttribute(name, value);
  const path = document.createElementNS(NS, 'path');
  path.setAttribute('d', paths);
  svg.append(path);
  return svg;
}

/** Replace what `node` holds. */
export function fill(node, ...children) {
  node.replaceChildren(...children.flat().filter((child) => child !== false && child != null));
  return node;
}

/** A button with a text and, maybe, an icon: button('Again', act, 'primary', DICE()). */
export const button = (text, act, kind = '', picture = false) =>
  el(['button', 'button', ...kind.split(' ')].filter(Boolean).join('.'), { type: 'button', onclick: act }, picture, text);

/** `draw`, at most once per frame however often it is called. */
export function soon(draw) {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      draw();
    });
  };
}

/** Let a textarea be as tall as its text, where CSS (`field-sizing`) can't yet. */
export function grow(area) {
  if (CSS.supports('field-sizing', 'content')) return;
  area.style.setProperty('height', 'auto');
  area.style.setProperty('height', `${area.scrollHeight + 2}px`);
}

/** What the browser kept for this tab (a draft, what is shown); nothing where it may keep nothing. */
export const kept = {
  get(name) {
    try {
      return JSON.parse(sessionStorage.getItem(`s2i-${name}`));
    } catch {
      return null;
    }
  },
  set(name, value) {
    try {
      sessionStorage.setItem(`s2i-${name}`, JSON.stringify(value));
    } catch {
      // private browsing, or full: only a convenience
    }
  },
};
