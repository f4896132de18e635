// Runs on the sound thread: what the microphone gives, as 16-bit numbers in pieces of 0.1 s.

class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this.piece = new Int16Array(Math.round(sampleRate / 10));
    this.filled = 0;
    this.on = false;
    this.port.onmessage = ({ data }) => {
      this.on = data === 'go';
      if (this.filled) this.post();
      if (!this.on) this.port.postMessage(null); // that was all
    };
  }

  process([[samples]]) {
    if (!this.on || !samples) return true;
    for (const sample of samples) {
      const whole = Math.round(sample * 32768);
      this.piece[this.filled++] = whole > 32767 ? 32767 : whole < -32768 ? -32768 : whole;
      if (this.filled === this.piece.length) this.post();
    }
    return true;
  }

  post() {
    const { buffer } = this.piece.slice(0, this.filled);
    this.port.postMessage(buffer, [buffer]);
    this.filled = 0;
  }
}

registerProcessor('recorder', Recorder);
