// The jobs that the page knows of, kept true by the server's events.
//
// Three things tell of a job: events (in order), the whole status (after which events go on), and
// answers to requests, which may be older than the events that overtook them.

import * as api from './api.js';
import { on, tell } from './bus.js';

const known = new Map();
const unfetched = new Set(); // ended, but how couldn't be fetched

export const job = (id) => known.get(id);

/** Have a picture made: what POST /api/jobs takes. The job, once it is taken. */
export async function submit(wanted) {
  const made = answered(await api.post('/api/jobs', wanted));
  tell('focus-job', made);
  return made;
}

export const cancel = (id) => api.post(`/api/jobs/${id}/cancel`).then(answered);
export const remove = (id) => api.remove(`/api/jobs/${id}`);
export const restore = (id) => api.post(`/api/jobs/${id}/restore`).then(answered);
export const fetchJob = (id) => api.get(`/api/jobs/${id}`).then(answered);

/** A page of the list, newest first: {jobs, more, total}. */
export async function list(before, limit = 60) {
  const query = new URLSearchParams({ limit, ...(before && { before }) });
  const page = await api.get(`/api/jobs?${query}`);
  page.jobs = page.jobs.map(answered);
  return page;
}

export const over = (one) => ['done', 'failed', 'cancelled'].includes(one.state);

/** Queued and running jobs, oldest first. */
export const unfinished = () =>
  [...known.values()].filter((one) => !over(one)).sort((a, b) => a.created - b.created);

/** How many jobs of ours run before this queued one. */
export const ahead = (one) => unfinished().filter((other) => other.created < one.created).length;

/** What to submit to have `one` made again with the options it was made with; add a seed. */
export function likeJob(one) {
  const asked = one.request ?? {};
  const size = asked.width ? `${asked.width}x${asked.height}` : undefined;
  const wanted = {
    text: one.idea, prompt: one.prompt || undefined, size, steps: asked.steps, count: asked.count,
    engine: asked.engine, workflow: asked.workflow, negative: asked.negative, language: asked.language,
  };
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value != null));
}

/** A random seed that every part holds exactly, as text. */
export const newSeed = () => {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  return String((high % 2 ** 21) * 2 ** 32 + low);
};

function answered(found) {
  const old = known.get(found.id);
  // Events tell the way of an unfinished job; an answer may be from before the last of them.
  if (old && !over(found)) return old;
  return keep(found);
}

function keep(one) {
  const kept = { ...one, live: over(one) ? null : { ...fresh(), ...one.live } };
  known.set(kept.id, kept);
  tell('job', kept);
  return kept;
}

const fresh = () => ({ prompt: '', queued: null, progress: null, preview: null, made: null });

async function fetchEnd(id) {
  unfetched.add(id);
  try {
    await fetchJob(id);
    unfetched.delete(id);
  } catch (error) {
    if (error.status === 404) gone(id);
  }
}

on('status', ({ jobs = [] }) => {
  const running = new Set(jobs.map((one) => one.id));
  for (const one of jobs) keep(one);
  // Ended while we were away.
  for (const one of known.values()) if (!over(one) && !running.has(one.id)) fetchEnd(one.id);
});

on('connection', (there) => {
  if (there) for (const id of unfetched) fetchEnd(id);
});

on('server', ({ type, job: id, data }) => {
  if (!id) return;
  if (type === 'job-queued') return void keep(data);
  if (type === 'job-deleted') return void gone(id);
  if (type === 'job-restored') return void fetchJob(id).catch(() => {});
  const one = known.get(id);
  if (!one || over(one)) return;
  const change = CHANGES[type]?.(data, one.live, one);
  if (!change) return;
  keep({ ...one, ...change, live: { ...one.live, ...change.live } });
  if (type === 'job-end') fetchEnd(id);
});

const CHANGES = {
  'job-start': () => ({ state: 'running' }),
  'refine-start': () => ({ stage: 'refine', live: { prompt: '' } }),
  'refine-delta': ({ text }, live) => ({ live: { prompt: live.prompt + text } }),
  'refine-end': ({ prompt }) => ({ prompt, live: { prompt } }),
  'generate-start': ({ engine, placeholder, seed, width, height, steps }) => ({
    stage: 'generate', engine, placeholder, seed, steps, size: width ? `${width}x${height}` : null,
    ...(Number.isSafeInteger(seed) && { seed_text: String(seed) }), // a larger one comes rounded
  }),
  'generate-queued': ({ position }) => ({ live: { queued: position } }),
  'generate-progress': (progress) => ({ live: { progress, queued: null } }),
  'generate-preview': ({ mime, image }) => ({ live: { preview: `data:${mime};base64,${image}` } }),
  'generate-end': ({ images }, live, { id }) => ({ live: { made: images.map((one, n) => picture(id, n, one)) } }),
  error: (error) => ({ error }),
  // The pictures are there by now; the rest (seed, times, warnings) is fetched.
  'job-end': ({ state }, live) => ({ state, ...(live.made && { pictures: live.made }) }),
};

const picture = (id, n, { width, height }) => {
  const url = `/api/jobs/${id}/images/${n}`;
  return { n, url, thumb: `${url}?thumb=1`, width, height };
};

function gone(id) {
  unfetched.delete(id);
  known.delete(id);
  tell('job-gone', id);
}
