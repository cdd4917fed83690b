/*! TokenService frame 1, Apache-2.0 */
(() => {
'use strict';
// For a page that stands in a widget's frame: it asks the page around it for a port, and for tokens over that port.

const script = document.currentScript;
const service = (script?.dataset.service || script?.src || location.href).replace(/\/(widget\/[^/]*)?([?#].*)?$/, '');

const connect = ({ parentOrigin, apiOrigins = [] } = {}) => new Promise((connected, fail) => {
  if (!parentOrigin) return fail(TypeError('Give parentOrigin: the origin of the page that may hand in tokens.'));
  if (parent === window) return fail(TypeError('This page is not in a frame.'));

  addEventListener('message', function listen({ source, origin, data, ports: [port] }) {
    if (source !== parent || data?.type !== 'token-service:port' || !port) return;
    if (parentOrigin !== '*' && ![].concat(parentOrigin).includes(origin)) return;
    removeEventListener('message', listen);

    const listeners = {};
    const waiting = new Map();
    let last = 0;
    const ask = (op, method, url) => new Promise((answer, refuse) => {
      waiting.set(++last, { answer, refuse });
      port.postMessage({ id: last, op, method, url });
    });
    port.onmessage = ({ data: { id, error, event, detail, ...answer } }) => {
      const asked = waiting.get(id);
      waiting.delete(id);
      if (error) asked?.refuse(Object.assign(Error(error.message), { name: 'WidgetError', code: error.code }));
      else asked?.answer(answer);
      if (event === 'state') client.state = detail.state;
      for (const listener of listeners[event] || []) {
        try { listener(detail); } catch (problem) { reportError(problem); }
      }
    };

    const client = {
      state: data.state,
      parentOrigin: origin,
      on(name, listener) {
        (listeners[name] ||= new Set()).add(listener);
        return client;
      },
      off(name, listener) {
        listeners[name]?.delete(listener);
        return client;
      },
      getToken: async () => (await ask('token')).token,
      refresh: async () => { await ask('refresh'); },
      resize: (height) => port.postMessage({ op: 'resize', detail: { height } }),
      complete: (result) => port.postMessage({ op: 'complete', detail: { result } }),
      // Presents the token: only to the origins named, never along a redirect, and once more after a renewal.
      async fetch(input, init) {
        const request = new Request(input, { credentials: 'omit', redirect: 'error', ...init });
        const target = new URL(request.url).origin;
        if (![location.origin, new URL(service).origin, ...apiOrigins].includes(target)) {
          throw TypeError(`The token is not sent to ${target}: name it in apiOrigins.`);
        }
        for (let isAgain = false; ; isAgain = true) {
          const attempt = request.clone();
          const { headers } = await ask('headers', request.method, request.url);
          for (const name in headers) attempt.headers.set(name, headers[name]);
          const answer = await fetch(attempt);
          if (isAgain || (answer.status !== 401 && answer.status !== 410)) return answer;
          try { await ask('refresh'); } catch { return answer; }
        }
      },
    };
    connected(client);
  });
  // Says only that this frame listens, so it may go to whoever is there.
  parent.postMessage({ type: 'token-service:hello' }, '*');
});

window.TokenServiceFrame = { version: 1, service, connect };
})();
