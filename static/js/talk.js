// Speaking: the button, what it says, what went wrong. The work is done in turn.js.

import { ApiError } from './api.js';
import { on, tell } from './bus.js';
import { Capture, CaptureError, unable } from './capture.js';
import { button, el, fill, icon, kept } from './dom.js';
import { chooser, takeDrops, transcribe } from './dropped.js';
import { languageName, number, t } from './i18n.js';
import { MIC } from './icons.js';
import { meter } from './meter.js';
import { Microphones } from './microphones.js';
import { presses } from './press.js';
import { alarm, say } from './say.js';
import { report } from './trouble.js';
import { Turn } from './turn.js';

const CAP = 60; // s, the longest utterance
const LATE = 15; // s before it when the time that is left is shown
const PROMPT = 700; // ms after which the browser is probably asking
const BROKEN = 'interrupted'; // what was understood when the page or the program went away
const FRESH = 20_000; // ms for which that is worth telling

export function initTalk(root) {
  const capture = new Capture();
  const microphones = new Microphones(draw);
  let turn = null;
  let state = 'idle'; // idle | asking | listening | finishing
  let asked = false; // the browser's question is probably there
  let left = null; // s, near the cap
  let file = null; // {name, part, abort}: a recording on its way
  let recogniser = {};
  let spoken = ''; // the language
  let chunk = 1 << 20; // bytes
  let words = ''; // understood so far
  let quiet = () => {}; // ends the meter
  let clock = 0;

  const knob = el('button.mic', { type: 'button', id: 'mic', 'aria-describedby': 'talk-help' }, el('span.mic-ring', { 'aria-hidden': 'true' }), MIC());
  const line = el('p.talk-state');
  const help = el('p.talk-help', { id: 'talk-help' });
  const bar = el('progress.talk-progress', { max: 1, 'aria-label': t('talk.sending'), hidden: true });
  const wrong = el('div.talk-wrong');
  const drop = button(t('talk.cancel'), cancel, 'quiet');
  const [choose, input] = chooser(takeFile, icon);

  root.setAttribute('aria-labelledby', 'talk-title');
  fill(
    root, el('h2.unseen', { id: 'talk-title' }, t('talk.title')), knob, line, help, bar,
    el('div.talk-more', {}, drop, microphones.node, choose, input), wrong,
  );

  presses(knob, { down: pressed, up: () => turn?.release(), escape: cancel });
  takeDrops(takeFile);
  on('status', (status) => {
    ({ recogniser = {}, language: spoken = '' } = status);
    chunk = status.limits?.chunk_bytes ?? chunk;
    draw();
  });
  on('status-part', (part) => {
    if (part.recogniser) recogniser = part.recogniser;
    if (part.language) spoken = part.language;
    draw();
  });
  on('server', ({ type, job, data }) => {
    if (type !== 'stt-partial' || !turn?.id || job !== turn.id) return;
    words = data.text;
    tell('partial', data);
  });
  // A page that is loaded anew (the program may have been started again) keeps what was understood.
  window.addEventListener('pagehide', () => {
    if (turn) kept.set(BROKEN, { code: 'broken-off', words, at: Date.now() });
    capture.release();
  });
  const broken = kept.get(BROKEN);
  draw();
  microphones.look();
  // The other parts, which are told, begin after this one.
  if (Date.now() - broken?.at < FRESH) queueMicrotask(() => interrupted(broken.code, broken.words, true));
  kept.set(BROKEN, null);

  function pressed() {
    if (file || state === 'finishing') return;
    if (turn) return void (state === 'listening' ? turn.finish() : cancel());
    const why = unable();
    if (why) return complain(why);
    if (['missing', 'failed'].includes(recogniser.state)) return complainAboutRecogniser();
    begin();
  }

  async function begin() {
    wrong.replaceChildren();
    words = '';
    const mine = (turn = new Turn(capture, microphones.chosen, chunk, told));
    set('asking');
    try {
      const transcript = await mine.transcript;
      if (turn !== mine) return;
      if (mine.lost) complain(mine.lost.code);
      finished(transcript);
    } catch (error) {
      if (turn === mine) failed(error);
    } finally {
      if (turn === mine) {
        turn = null;
        set('idle');
      }
    }
  }

  function told(what) {
    if (what === 'listening') {
      microphones.look();
      quiet = meter(capture.meter, knob);
      const begun = performance.now();
      clock = setInterval(() => {
        const rest = Math.ceil(CAP - (performance.now() - begun) / 1000);
        if (rest > LATE) return;
        left = Math.max(rest, 0);
        draw();
      }, 1000);
      say(t('talk.listening'));
    }
    if (what === 'listening' || what === 'finishing') set(what);
    else draw();
  }

  function finished(transcript) {
    if (!transcript) return;
    if (transcript.text?.trim()) tell('heard', transcript);
    else complain('nothing-heard');
  }

  function failed(error) {
    if (error instanceof CaptureError) return complain(error.code);
    if (['no-speech', 'empty-audio'].includes(error.code)) return complain('nothing-heard');
    if (['no-such-utterance', 'bad-token', 'cancelled'].includes(error.code)) return interrupted('restarted', words);
    if (error.code === 'offline' || error.code === 'abandoned') return interrupted('connection-lost', words);
    if (!(error instanceof ApiError)) console.error(error);
    report(wrong, error, retry());
  }

  /** What was understood until then is put into the text box. */
  function interrupted(code, rest, again) {
    // The page may be loaded anew in a moment.
    if (!again) kept.set(BROKEN, { code, words: rest, at: Date.now() });
    complain(code);
    if (!rest) return;
    tell('compose', { text: rest });
    wrong.append(el('p.talk-help', {}, t('talk.kept')));
  }

  function complain(code) {
    const [message, hint] = [t(`talk.${code}`), t(`talk.${code}-hint`)];
    fill(wrong, el('div.trouble', {}, el('p', {}, el('strong', {}, message)), el('p', {}, hint)));
    alarm(`${message} ${hint}`);
  }

  function complainAboutRecogniser() {
    const { reason, better } = recogniser;
    const settings = button(t('talk.open-settings'), () => tell('open-settings', 'recogniser'));
    report(wrong, { code: 'no-recogniser', message: reason || t('talk.no-recogniser'), hint: better || t('talk.no-recogniser-hint') }, settings);
  }

  const retry = () => button(t('talk.again'), () => (begin(), turn.release()), 'primary');

  function cancel() {
    if (file) {
      file.abort();
      return true;
    }
    if (!turn) return false;
    turn.cancel();
    turn = null;
    set('idle');
    say(t('talk.cancelled'));
    return true;
  }

  async function takeFile(chosen) {
    if (file || turn) return;
    wrong.replaceChildren();
    const sending = transcribe(chosen, (part) => {
      file.part = part;
      draw();
    });
    file = { name: chosen.name, part: 0, abort: sending.abort };
    set('finishing');
    say(t('talk.sending-file', file));
    try {
      finished(await sending.answer);
    } catch (error) {
      if (error.code === 'no-speech') complain('nothing-in-file');
      else report(wrong, error, error.retryable && button(t('talk.again'), () => takeFile(chosen), 'primary'));
    } finally {
      file = null;
      set('idle');
    }
  }

  function set(next) {
    state = next;
    if (state !== 'listening') {
      quiet();
      quiet = () => {};
      clearInterval(clock);
      left = null;
    }
    asked = false;
    if (state === 'asking') setTimeout(() => ((asked = state === 'asking'), draw()), PROMPT);
    draw();
    tell('talk', { state });
  }

  function draw() {
    const why = unable();
    const out = why || ['missing', 'failed'].includes(recogniser.state);
    root.dataset.state = out && state === 'idle' ? 'out' : state;
    const name = state === 'listening' ? 'stop' : state === 'asking' ? 'cancel' : state === 'finishing' ? 'wait' : 'start';
    knob.setAttribute('aria-label', t(`talk.${name}`));
    knob.setAttribute('aria-disabled', String(state === 'finishing' || Boolean(out)));
    line.textContent = says(why);
    help.textContent = helps(why);
    drop.hidden = state === 'idle';
    choose.hidden = state !== 'idle';
    microphones.node.inert = state !== 'idle';
    bar.hidden = !file;
    if (file && file.part < 1) bar.value = file.part;
    else bar.removeAttribute('value');
  }

  function says(why) {
    if (file) return file.part < 1 ? t('talk.sending-file', file) : t('talk.recognising');
    if (state === 'asking') return asked ? t('talk.allow') : t('talk.opening');
    if (state === 'listening') return left === null ? t('talk.listening') : t('talk.left', { n: number(left) });
    if (state === 'finishing') return recogniser.state === 'loading' ? t('talk.loading') : t('talk.recognising');
    if (why) return t(`talk.${why}`);
    if (recogniser.state === 'loading') return t('talk.loading');
    if (['missing', 'failed'].includes(recogniser.state)) return t('talk.no-recogniser');
    return microphones.none ? t('talk.none') : t('talk.ready');
  }

  function helps(why) {
    if (file) return file.name;
    if (state === 'listening') return turn?.mode === 'hold' ? t('talk.let-go') : t('talk.tap-again');
    if (state !== 'idle') return '';
    if (why) return t(`talk.${why}-hint`);
    if (recogniser.state === 'loading') return t('talk.loading-help');
    if (microphones.none) return t('talk.none-hint');
    return spoken ? t('talk.help', { language: languageName(spoken) }) : t('talk.help-plain');
  }
}
