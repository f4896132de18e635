// What was made, newest first, as far as it is loaded; and what can be done with one of them.

import { on, tell } from './bus.js';
import { t } from './i18n.js';
import * as jobs from './jobs.js';
import { toast } from './say.js';
import { sentence } from './trouble.js';

const PAGE = 60;
const MOST = 200; // at once, the server's limit
const UNDO = 15; // s that the notice stays at most

const order = []; // {id, created}, newest first
const there = new Set();
let cursor;
let floor = Infinity; // what was made before it isn't loaded yet
let loading;

export let more = true;
export let total = 0;

/** Load the next page. One at a time: who asks meanwhile gets the same promise. */
export function load(limit = PAGE) {
  if (more) loading ??= next(limit).finally(() => (loading = undefined));
  return loading ?? Promise.resolve();
}

async function next(limit) {
  const page = await jobs.list(cursor, limit);
  const last = page.jobs.at(-1);
  more = page.more && Boolean(last);
  cursor = last?.id ?? cursor;
  floor = more ? last.created : -Infinity;
  page.jobs.forEach(put);
  total = Math.max(page.total, order.length);
  tell('gallery-total', total);
}

/** The newest one. */
export const first = () => jobs.job(order[0]?.id);

/** The finished one after (`step` 1: older) or before (-1: newer) `id`, or undefined. */
export async function neighbour(id, step) {
  while (!there.has(id) && more) await load(MOST);
  let at = order.findIndex((one) => one.id === id);
  if (at < 0) return undefined;
  for (;;) {
    at += step;
    if (at === order.length && more) await load();
    const found = jobs.job(order[at]?.id);
    if (!order[at] || (found && jobs.over(found))) return found;
  }
}

function put(one) {
  if (there.has(one.id)) return void tell('gallery-put', { one });
  const place = order.findIndex((other) => other.created < one.created);
  const at = place < 0 ? order.length : place;
  order.splice(at, 0, { id: one.id, created: one.created });
  there.add(one.id);
  tell('gallery-put', { one, next: order[at + 1]?.id });
}

const begun = (one) => one.state !== 'cancelled' || one.stage;

on('job', (one) => {
  if (there.has(one.id)) return begun(one) ? put(one) : lose(one.id);
  // An old one that was fetched by itself waits for the page that it is on; one that was called off
  // before it began is in no list.
  if (one.deleted || !begun(one) || (jobs.over(one) && one.created < floor)) return;
  put(one);
  tell('gallery-total', ++total);
});

on('job-gone', lose);

function lose(id) {
  if (!there.delete(id)) return;
  order.splice(order.findIndex((one) => one.id === id), 1);
  if (cursor === id) cursor = order.at(-1)?.id;
  tell('gallery-gone', id);
  tell('gallery-total', --total);
}

// After a gap in the events: what was made and what was deleted meanwhile.
on('status', async () => {
  if (!cursor) return;
  const page = await jobs.list().catch(() => null);
  if (!page) return;
  const ids = new Set(page.jobs.map((one) => one.id));
  const oldest = page.more ? page.jobs.at(-1).created : -Infinity;
  for (const { id, created } of [...order])
    if (created >= oldest && !ids.has(id) && jobs.over(jobs.job(id))) tell('job-gone', id);
  total = Math.max(page.total, order.length);
  tell('gallery-total', total);
});

/** Delete one; a notice offers to undo that. False where it failed, which is said. */
export async function remove(id) {
  try {
    const { undo_seconds: seconds = UNDO } = await jobs.remove(id);
    tell('job-gone', id); // the server says so too; not while the stream of events is away
    if (seconds >= 1)
      toast(t('gallery.deleted'), { label: t('gallery.undo'), act: () => undo(id), seconds: Math.min(seconds, UNDO) });
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}

const undo = (id) => jobs.restore(id).catch(complain);

/** Say an error in a notice. */
export const complain = (error) => void toast(sentence(error), { seconds: UNDO });
