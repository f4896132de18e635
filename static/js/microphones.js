// Which microphone: a list, once the browser may name them and there is a choice.

import { el, fill } from './dom.js';
import { t } from './i18n.js';

const KEPT = 's2i-microphone';

/** The list. `chosen` is the device's id, '' for the browser's own choice; `none`: there is none. */
export class Microphones {
  none = false;
  chosen = remembered();
  #select = el('select', { id: 'microphone', onchange: () => this.#choose(this.#select.value) });
  node = el('div.talk-device', { hidden: true }, el('label.unseen', { htmlFor: 'microphone' }, t('talk.microphone')), this.#select);
  #changed;

  /** `changed` is called when devices come or go. */
  constructor(changed) {
    this.#changed = changed;
    navigator.mediaDevices?.addEventListener?.('devicechange', () => this.look());
  }

  /** Look at what is there. */
  async look() {
    const all = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
    const found = all.filter(({ kind }) => kind === 'audioinput');
    // Browsers that tell nothing before permission list one without a name; an empty list is meant.
    this.none = all.length > 0 && !found.length;
    const named = found.filter(({ deviceId, label }) => label && !['default', 'communications', ''].includes(deviceId));
    const gone = this.chosen && !named.some(({ deviceId }) => deviceId === this.chosen);
    fill(
      this.#select,
      el('option', { value: '' }, t('talk.default-microphone')),
      named.map(({ deviceId, label }) => el('option', { value: deviceId }, label)),
    );
    this.#select.value = gone ? '' : this.chosen; // kept: it may be plugged in again
    this.node.hidden = named.length < 2;
    this.#changed();
  }

  #choose(id) {
    this.chosen = id;
    try {
      localStorage.setItem(KEPT, id);
    } catch {
      // private browsing: for this page alone
    }
  }
}

function remembered() {
  try {
    return localStorage.getItem(KEPT) ?? '';
  } catch {
    return '';
  }
}
