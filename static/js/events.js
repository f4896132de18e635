// One stream of events, that is taken up again after whatever: a reload, sleep, a restart of the program.

import { get } from './api.js';
import { tell } from './bus.js';

const TYPES = [
  'job-start', 'stt-start', 'stt-partial', 'stt-end', 'refine-start', 'refine-delta', 'refine-end',
  'generate-start', 'generate-queued', 'generate-progress', 'generate-preview', 'generate-end',
  'error', 'job-end', 'status', 'settings', 'job-queued', 'job-deleted', 'job-restored',
];
const RETRY = 1000; // ms
const session = crypto.getRandomValues(new Uint32Array(2)).join('');

let source = null;
let again = 0; // the timer of the next try
let last = '';
let boot = '';
let held = null; // events that came while the state was being fetched
let fetching = 0; // counts the fetches: an answer to an earlier one is worth nothing

/** Begin to listen, and keep at it. */
export function listen() {
  stop();
  const query = new URLSearchParams({ session, ...(last && { last }) });
  source = new EventSource(`/api/events?${query}`);
  source.addEventListener('hello', greeted);
  for (const type of TYPES) source.addEventListener(type, heard);
  source.onerror = (event) => {
    if (event instanceof MessageEvent) return; // an `error` of a job
    tell('connection', false);
    // A refusal (or an answer that is no stream) ends an EventSource for good: make a new one.
    if (source?.readyState === EventSource.CLOSED) retry();
  };
}

/** Listen no more; `listen` goes on where this left off. */
export function stop() {
  clearTimeout(again);
  source?.close();
  source = null;
}

/** Whether the stream is there, or being made by the browser. */
export const listening = () => source !== null && source.readyState !== EventSource.CLOSED;

function retry() {
  clearTimeout(again);
  again = setTimeout(listen, RETRY);
}

async function greeted(event) {
  const hello = JSON.parse(event.data);
  if (boot && boot !== hello.boot) {
    location.reload(); // another start of the program: its token is another too
    return;
  }
  boot = hello.boot;
  last = event.lastEventId;
  if (hello.resumed && !held) tell('connection', true);
  else if (!hello.resumed) await catchUp();
}

async function catchUp() {
  const mine = ++fetching;
  held = [];
  try {
    const status = await get('/api/status');
    if (mine !== fetching) return;
    const upTo = place(status.event);
    const late = held;
    held = null;
    tell('status', status);
    for (const event of late) if (place(event.lastEventId) > upTo) pass(event);
    tell('connection', true);
  } catch {
    if (mine !== fetching) return;
    held = null;
    last = ''; // what was held is gone: the next stream must not be taken for a whole one
    stop();
    retry();
    tell('connection', false);
  }
}

function heard(event) {
  if (!(event instanceof MessageEvent) || !event.data) return; // the stream's own `error`
  last = event.lastEventId;
  if (held) held.push(event);
  else pass(event);
}

function pass(event) {
  const said = JSON.parse(event.data);
  tell('server', said);
  if (said.type === 'status') tell('status-part', said.data);
  if (said.type === 'settings') tell('settings');
}

const place = (id) => Number(id.slice(id.lastIndexOf('-') + 1));
