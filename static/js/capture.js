// The microphone: opened when somebody speaks, let go of soon after, so that the browser's sign goes off.

const LINGER = 4000; // ms that it stays open after an utterance: the next one then begins at once
const STALLED = 3000; // ms that the sound may stand still
const REST = 400; // ms that the last piece may take

const REASONS = {
  NotAllowedError: 'refused', SecurityError: 'refused', NotFoundError: 'none', OverconstrainedError: 'none',
  NotReadableError: 'in-use', AbortError: 'in-use',
};

/** `code` says why there is no sound: refused, none, in-use, insecure, too-old, stalled, unplugged,
 *  connection-lost. */
export class CaptureError extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** Why this page can't listen at all; '' where it can. */
export const unable = () =>
  !window.isSecureContext ? 'insecure' : !navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode ? 'too-old' : '';

export class Capture {
  #opened = null; // {device, stream, context, source, node, meter}
  #take = null; // gets the pieces
  #lost = null; // is told why they end
  #finished = null;
  #letGo = 0;
  #starts = 0;

  /** Samples per second: the device's own. */
  get rate() {
    return this.#opened.context.sampleRate;
  }

  /** What the level can be read from. */
  get meter() {
    return this.#opened?.meter;
  }

  /** Listen: `take` gets mono s16le pieces, `lost` a CaptureError where they end by themselves. */
  async start(device, take, lost) {
    clearTimeout(this.#letGo);
    if (this.#opened?.device !== device || !this.#live()) {
      this.release();
      const mine = ++this.#starts;
      const opened = await open(device);
      if (mine !== this.#starts) {
        close(opened); // cancelled and begun again while the browser asked
        throw new CaptureError('cancelled');
      }
      this.#opened = opened;
      this.#watch();
    }
    this.#take = take;
    this.#lost = lost;
    const { context, node } = this.#opened;
    node.port.onmessage = ({ data }) => (data ? this.#take?.(data) : this.#finished?.());
    await running(context);
    node.port.postMessage('go');
  }

  /** Listen no more; when this returns `take` has had everything. */
  async stop() {
    const take = this.#take;
    this.#lost = null;
    if (this.#opened) {
      await new Promise((resolve) => {
        this.#finished = resolve;
        setTimeout(resolve, REST); // a context that stands still doesn't answer
        this.#opened.node.port.postMessage('stop');
      });
    }
    if (this.#take !== take) return; // somebody speaks again
    this.#take = this.#finished = null;
    clearTimeout(this.#letGo);
    this.#letGo = setTimeout(() => this.release(), LINGER);
  }

  /** Let go of the microphone. */
  release() {
    clearTimeout(this.#letGo);
    if (this.#opened) close(this.#opened);
    this.#opened = null;
  }

  #live() {
    const { stream, context } = this.#opened;
    return stream.getAudioTracks()[0].readyState === 'live' && context.state !== 'closed';
  }

  #watch() {
    const { stream, context } = this.#opened;
    stream.getAudioTracks()[0].onended = () => this.#fail('unplugged');
    context.onstatechange = () => {
      if (context.state === 'running' || context.state === 'closed' || !this.#lost) return;
      running(context).catch(({ code }) => this.#fail(code)); // a call came in, the laptop slept
    };
  }

  #fail(code) {
    const lost = this.#lost;
    this.#lost = null;
    lost?.(new CaptureError(code));
  }
}

function close({ stream, context }) {
  for (const track of stream?.getTracks() ?? []) track.stop();
  if (context.state !== 'closed') context.close().catch(() => {});
}

async function open(device) {
  const why = unable();
  if (why) throw new CaptureError(why);
  const context = new AudioContext({ latencyHint: 'interactive' });
  let stream;
  try {
    const loaded = context.audioWorklet.addModule('/static/js/worklet.js');
    loaded.catch(() => {}); // told below
    stream = await navigator.mediaDevices.getUserMedia({
      // Nothing is played here that would come back as an echo; noise and level are worth mending.
      audio: { echoCancellation: false, noiseSuppression: true, autoGainControl: true, ...(device && { deviceId: { ideal: device } }) },
    });
    await loaded.catch(() => {
      throw new CaptureError('connection-lost');
    });
    const source = context.createMediaStreamSource(stream);
    const node = new AudioWorkletNode(context, 'recorder', { numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit' });
    const meter = new AnalyserNode(context, { fftSize: 1024 });
    source.connect(node);
    source.connect(meter);
    return { device, stream, context, source, node, meter };
  } catch (error) {
    close({ stream, context });
    throw error instanceof CaptureError ? error : new CaptureError(REASONS[error.name] ?? 'in-use');
  }
}

/** Until the context runs. Its `resume` may never answer: some wait for a gesture. */
async function running(context) {
  if (context.state === 'running') return;
  const late = new Promise((_, reject) => setTimeout(reject, STALLED, new CaptureError('stalled')));
  await Promise.race([context.resume(), late]);
}
