// The page: its texts, then its parts, then the stream of events.

import { on, tell } from './bus.js';
import { initCompare } from './compare.js';
import { initComposer } from './composer.js';
import { $, el, fill } from './dom.js';
import { listen, listening, stop } from './events.js';
import { initHeard } from './heard.js';
import { loadTexts, t } from './i18n.js';
import { GRID, SLIDERS } from './icons.js';
import { unfinished } from './jobs.js';
import { initPrompt } from './prompt.js';
import { initSettings } from './settings.js';
import { initStage } from './stage.js';
import { initStatus } from './status.js';
import { initStrip } from './strip.js';
import { initTalk } from './talk.js';
import { initViewer } from './viewer.js';

const HIDDEN = 60_000; // ms after which a tab that nobody sees gives its connection back

const PARTS = [
  [initStatus, '#status'], [initTools, '#tools'], [initTalk, '#talk'], [initComposer, '#composer'],
  [initHeard, '#heard'], [initPrompt, '#prompt'], [initStage, '#stage'], [initStrip, '#strip'],
  [initViewer, '#viewer'], [initCompare, '#compare'], [initSettings, '#settings'],
];

await loadTexts();
$('#skip').textContent = t('core.skip');
$('#notices').setAttribute('aria-label', t('core.notices'));
for (const [init, place] of PARTS) {
  try {
    init($(place));
  } catch (error) {
    console.error(error); // one part that fails leaves the others whole
  }
}
listen();

function initTools(root) {
  const tool = (key, draw, act) =>
    el('button.icon-button', { type: 'button', 'aria-label': t(key), title: t(key), onclick: act }, draw());
  root.setAttribute('aria-label', t('core.tools'));
  fill(
    root,
    tool('core.gallery', GRID, () => tell('open-gallery')),
    tool('core.settings', SLIDERS, () => tell('open-settings')),
  );
}

// A browser opens six connections to a host, and each tab's stream holds one: a tab that is hidden
// for long, and waits for nothing, gives it back.
let leaving;
let talking = false;
on('talk', ({ state }) => (talking = state !== 'idle'));
document.addEventListener('visibilitychange', () => {
  clearTimeout(leaving);
  if (document.hidden) leaving = setTimeout(() => unfinished().length || talking || stop(), HIDDEN);
  else if (!listening()) listen();
});
addEventListener('pageshow', (event) => event.persisted && listen()); // back from the history
