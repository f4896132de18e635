// A recording as a file: dropped anywhere on the page, or chosen.

import { ApiError } from './api.js';
import { button, el } from './dom.js';
import { t } from './i18n.js';

const token = document.querySelector('meta[name="s2i-token"]').content;
const FILE = 'M12 15V4m-4.5 4.5L12 4l4.5 4.5M4.5 15.5V20h15v-4.5';

/** Take files dropped on the page: `take` gets a File. */
export function takeDrops(take) {
  let depth = 0; // dragenter and dragleave come for every element
  const over = (on) => document.documentElement.classList.toggle('dropping', on);
  const files = (event) => event.dataTransfer?.types.includes('Files');
  const on = (name, act) =>
    window.addEventListener(name, (event) => {
      if (!files(event) || document.querySelector('dialog[open]')) return;
      event.preventDefault(); // else the browser opens the file
      act(event);
    });
  on('dragenter', () => over(++depth > 0));
  on('dragleave', () => over(--depth > 0));
  on('dragover', (event) => (event.dataTransfer.dropEffect = 'copy'));
  on('drop', (event) => {
    over((depth = 0) > 0);
    if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
  });
}

/** A button that has a file chosen, and its input. */
export function chooser(take, picture) {
  const input = el('input', {
    type: 'file', accept: 'audio/*,video/*', hidden: true, id: 'recording', 'aria-label': t('talk.file'),
    onchange: () => {
      if (input.files.length) take(input.files[0]);
      input.value = '';
    },
  });
  return [button(t('talk.file'), () => input.click(), 'quiet', picture(FILE)), input];
}

/** Send it; the transcript. `told` gets how much has gone (0 to 1). Raises ApiError. */
export function transcribe(file, told) {
  const request = new XMLHttpRequest(); // fetch doesn't tell how far it has come
  request.open('POST', '/api/transcriptions');
  request.setRequestHeader('X-S2I-Token', token);
  request.responseType = 'json';
  const answer = new Promise((resolve, reject) => {
    request.upload.onprogress = ({ loaded, total }) => told(total ? loaded / total : 0);
    request.upload.onload = () => told(1);
    request.onload = () => {
      if (request.status < 300 && request.response) return resolve(request.response);
      reject(new ApiError(request.response?.error ?? { code: 'unexpected' }, request.status));
    };
    request.onerror = () => reject(new ApiError({ code: 'offline', retryable: true }));
    request.onabort = () => resolve();
    request.send(file);
  });
  return { answer, abort: () => request.abort() };
}
