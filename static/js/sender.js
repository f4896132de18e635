// One utterance on its way to the program: pieces numbered, in order, each until it is acknowledged.

import { ApiError, post } from './api.js';

const PAUSES = [100, 200, 400, 800, 1500]; // ms between attempts
const PATIENCE = 25_000; // ms without an answer; the program gives an utterance up after 30 s
const ATTEMPT = 5000; // ms until an attempt counts as lost
const OPENING = 60_000; // ms: the recogniser may have to load first
const LIMIT = 61; // s; the program ends an utterance after 60

export class Sender {
  id = null;
  #rate;
  #chunk; // bytes of one request at most
  #waiting = []; // pieces without a number
  #sent = new Map(); // number → body, until acknowledged
  #count = 0; // numbers given
  #next = 0; // number to send
  #room;
  #ended = false;
  #cancelled = false;
  #wake = () => {};
  #attempt = null;

  constructor(rate, chunk) {
    this.#rate = rate;
    this.#chunk = chunk & ~1;
    this.#room = LIMIT * rate * 2;
  }

  /** Take a piece of mono s16le; false where there is no room for it. */
  push(piece) {
    if (this.#ended || piece.byteLength > this.#room) return false;
    this.#room -= piece.byteLength;
    this.#waiting.push(piece);
    this.#wake();
    return true;
  }

  /** That was all. */
  end() {
    this.#ended = true;
    this.#wake();
  }

  /** Forget it. */
  cancel() {
    this.#cancelled = this.#ended = true;
    this.#waiting = [];
    this.#sent.clear();
    this.#attempt?.abort();
    this.#wake();
    if (this.id) post(`/api/utterances/${this.id}/cancel`).catch(() => {});
  }

  /** Send what comes until the end, `opened` and `over` told on the way; the transcript. */
  async run(endpoint, { opened, over }) {
    const made = await this.#until(() => post('/api/utterances', { sample_rate: this.#rate, endpoint }), OPENING);
    this.id = made.id;
    if (this.#cancelled) return void this.cancel();
    opened(made.id);
    for (;;) {
      const done = await this.#sendAll();
      if (this.#cancelled) return undefined;
      if (done) {
        over(); // the program has heard the end by itself
        return this.#finish('');
      }
      if (this.#ended) {
        try {
          return await this.#finish(`?count=${this.#count}`);
        } catch (error) {
          if (!this.#back(error)) throw error;
        }
      } else await new Promise((resolve) => (this.#wake = resolve));
    }
  }

  #finish(query) {
    return this.#until((signal) => post(`/api/utterances/${this.id}/finish${query}`, undefined, { signal }));
  }

  /** Everything that is there; true once the utterance is over. */
  async #sendAll() {
    while (!this.#cancelled && (this.#next < this.#count || this.#waiting.length)) {
      if (this.#next === this.#count) this.#number();
      const seq = this.#next;
      try {
        const url = `/api/utterances/${this.id}/audio?seq=${seq}`;
        const answer = await this.#until((signal) => post(url, this.#sent.get(seq), { signal }));
        if (answer.state !== 'listening') return true;
        this.#goTo(answer.next_seq);
      } catch (error) {
        if (!this.#back(error)) throw error;
      }
    }
    return false;
  }

  /** Make one body of all that waits, up to what a request may hold. */
  #number() {
    const parts = [];
    let bytes = 0;
    while (this.#waiting.length && (!bytes || bytes + this.#waiting[0].byteLength <= this.#chunk)) {
      parts.push(this.#waiting.shift());
      bytes += parts.at(-1).byteLength;
    }
    this.#sent.set(this.#count++, new Blob(parts));
  }

  #goTo(seq) {
    for (const old of this.#sent.keys()) if (old < seq) this.#sent.delete(old);
    this.#next = Math.min(seq, this.#count);
  }

  /** Go back to the piece that the program misses; false where that isn't what is wrong. */
  #back(error) {
    const missing = error.more?.missing;
    if (error.code !== 'missing-chunk' || !this.#sent.has(missing)) return false;
    this.#next = missing;
    return true;
  }

  /** Do it, again and again while the network or the program is away. */
  async #until(deed, patience = PATIENCE) {
    const last = performance.now() + patience;
    for (let tries = 0; ; tries++) {
      const attempt = (this.#attempt = new AbortController());
      let late = false; // WebKit calls it an AbortError whatever the reason given
      const timer = setTimeout(() => {
        late = true;
        attempt.abort();
      }, ATTEMPT);
      try {
        return await deed(attempt.signal);
      } catch (error) {
        if (this.#cancelled) return { state: 'cancelled' };
        if (!late && !passing(error)) throw error;
        if (performance.now() > last) throw late ? new ApiError({ code: 'offline', retryable: true }) : error;
      } finally {
        clearTimeout(timer);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSES[Math.min(tries, PAUSES.length - 1)]));
    }
  }
}

/** Whether it may pass by itself. */
const passing = ({ code, status }) => code === 'offline' || code === 'busy' || [408, 500, 502, 504].includes(status);

