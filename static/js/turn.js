// One utterance from the press to the transcript: microphone, buffer, sender.

import { Sender } from './sender.js';

const HOLD = 350; // ms after which a press is a hold and not a tap

/**
 * A turn to speak. `told` gets 'listening' (once there is sound), 'finishing', 'mode' and 'opened'.
 * Its promise `transcript` gives the transcript, or undefined where the turn was cancelled; it
 * fails with an ApiError or a CaptureError. `lost`: why the microphone went away, if it did.
 */
export class Turn {
  state = 'asking';
  id = null;
  lost = null;
  mode = null; // hold | tap, once it is clear
  #capture;
  #chunk;
  #told;
  #early = []; // pieces from before the utterance is opened
  #held = true;
  #begun = performance.now();
  #sender = null;
  #resolve;
  #reject;

  constructor(capture, device, chunk, told) {
    this.#capture = capture;
    this.#chunk = chunk;
    this.#told = told;
    this.transcript = new Promise((resolve, reject) => ([this.#resolve, this.#reject] = [resolve, reject]));
    this.#begin(device).catch((error) => {
      if (!this.over) this.#capture.release();
      this.state = 'over';
      this.#reject(error);
    });
  }

  get over() {
    return this.state === 'over';
  }

  /** The button was let go: that decides a tap, and ends a hold. */
  release() {
    if (!this.#held) return;
    this.#held = false;
    if (this.mode === 'hold') this.finish();
    else if (this.state === 'listening') this.#open('tap');
  }

  /** That was all: have it recognised. */
  async finish() {
    if (this.state !== 'listening') return;
    this.#set('finishing');
    await this.#capture.stop();
    if (!this.mode) this.#open('hold');
    this.#sender.end();
  }

  /** Drop what was said. */
  cancel() {
    if (this.over) return;
    this.state = 'over';
    this.#capture.stop();
    this.#sender?.cancel();
    this.#resolve();
  }

  async #begin(device) {
    await this.#capture.start(device, (piece) => this.#take(piece), (why) => {
      this.lost = why;
      this.finish();
    });
    if (this.over) return void this.#capture.stop();
    this.#set('listening');
    if (!this.#held) return void this.#open('tap'); // let go while the browser asked
    setTimeout(() => this.#held && this.state === 'listening' && this.#open('hold'), Math.max(HOLD - (performance.now() - this.#begun), 0));
  }

  #take(piece) {
    if (!this.#sender) this.#early.push(piece);
    else if (!this.#sender.push(piece)) this.finish(); // the longest that is taken
  }

  #open(mode) {
    if (this.mode || this.over) return;
    this.mode = mode;
    const sender = (this.#sender = new Sender(this.#capture.rate, this.#chunk));
    for (const piece of this.#early) sender.push(piece);
    this.#early = [];
    this.#told('mode');
    const opened = (id) => {
      this.id = id;
      this.#told('opened');
    };
    const over = () => {
      this.#set('finishing');
      this.#capture.stop();
    };
    sender.run(mode === 'tap', { opened, over }).then(this.#resolve, this.#reject).finally(() => {
      if (!this.over) this.#capture.stop();
      this.state = 'over';
    });
  }

  #set(state) {
    if (this.over || this.state === state) return;
    this.state = state;
    this.#told(state);
  }
}
