// Requests to the program. Each carries the page's token; each failure is an ApiError.

const token = document.querySelector('meta[name="s2i-token"]').content;

/** What went wrong: `code` for programs, `message` and `hint` for people, `retryable`. */
export class ApiError extends Error {
  constructor({ code, message = '', hint = '', retryable = false, ...more }, status = 0) {
    super(message);
    Object.assign(this, { code, message, hint, retryable, status, more });
  }
}

/** Ask; the answer as JSON. `body`: an object is sent as JSON, anything else as it is. */
export async function ask(method, path, body, { signal } = {}) {
  const headers = { 'X-S2I-Token': token };
  const plain = body !== undefined && (body.constructor === Object || Array.isArray(body));
  if (plain) headers['Content-Type'] = 'application/json';
  let response;
  try {
    response = await fetch(path, {
      method, headers, signal, cache: 'no-store', body: plain ? JSON.stringify(body) : body,
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ApiError({ code: 'offline', retryable: true });
  }
  let data;
  try {
    data = await response.json();
  } catch {
    data = {};
  }
  if (response.ok) return data;
  const { error = { code: 'unexpected' }, ...more } = data;
  throw new ApiError({ retryable: response.status >= 500, ...error, ...more }, response.status);
}

export const get = (path, options) => ask('GET', path, undefined, options);
export const post = (path, body, options) => ask('POST', path, body, options);
export const put = (path, body) => ask('PUT', path, body);
export const remove = (path) => ask('DELETE', path);
