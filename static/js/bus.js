// What the parts of the page tell each other. No part knows another.
//
//   connection   true | false                      the event stream is open
//   status       the whole of GET /api/status      at the start and after a gap
//   status-part  {recogniser?, refiner?, engine?}  what changed
//   server       {type, job, time, data}           every event of the server, as it comes
//   settings     none                              settings changed: fetch them
//   job          job JSON                          a job was added or changed (jobs.js)
//   job-gone     id                                it was deleted
//   focus-job    job JSON                          show this one on the stage
//   shown        job JSON | null                   what the stage shows, on each change (stage.js)
//   partial      {settled, tail}                   words while they are spoken
//   heard        transcript JSON                   an utterance is over
//   talk         {state, error?}                   idle | asking | listening | finishing
//   ask          {text?, prompt?, seed?, ...}      submit this (as POST /api/jobs)
//   compose      {text, utterance?}                put this into the text box
//   open-gallery none                              show every picture there is (strip.js)
//   gallery-total n · gallery-gone id              how many there are; one is no more (gallery.js)
//   gallery-put  {one, next?: id}                  one was added before `next`, or changed (gallery.js)
//   viewer-closed id                               the viewer showed this one until now
//   view         {id, n?} · compare [id, id] · open-settings name?    open a dialog

const listeners = new Map();

/** Call `listener` with whatever is told under `name`; returns what ends that. */
export function on(name, listener) {
  if (!listeners.has(name)) listeners.set(name, new Set());
  listeners.get(name).add(listener);
  return () => listeners.get(name).delete(listener);
}

/** Tell everybody. One listener that fails doesn't keep the others from hearing. */
export function tell(name, data) {
  for (const listener of listeners.get(name) ?? []) {
    try {
      listener(data);
    } catch (error) {
      console.error(error);
    }
  }
}
