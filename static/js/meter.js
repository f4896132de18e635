// How loud it is, drawn with each frame while somebody speaks.

const QUIET = -58; // dB that show as nothing
const LOUD = -14; // dB that show as everything
const FALL = 0.88; // of the level that is left a frame later

/** Write the level (0 to 1) of `analyser` into --level of `node`; returns what ends that. */
export function meter(analyser, node) {
  const samples = new Float32Array(analyser.fftSize);
  let level = 0;
  let frame = 0;
  const draw = () => {
    analyser.getFloatTimeDomainData(samples);
    let sum = 0;
    for (const sample of samples) sum += sample * sample;
    const decibels = 10 * Math.log10(sum / samples.length + 1e-10);
    const now = Math.min(Math.max((decibels - QUIET) / (LOUD - QUIET), 0), 1);
    level = Math.max(now, level * FALL);
    node.style.setProperty('--level', level.toFixed(3));
    frame = requestAnimationFrame(draw);
  };
  draw();
  return () => {
    cancelAnimationFrame(frame);
    node.style.removeProperty('--level');
  };
}
