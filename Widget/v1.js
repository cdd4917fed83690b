/*! TokenService widget 1, Apache-2.0 */
(() => {
'use strict';
// The service takes out lines that only comment, and space that nothing needs, before it serves this file.

const tag = document.currentScript;
// Where the service is: beside this script, or where a page that hosts a copy of it says.
const service = (tag.dataset.service || tag.src).replace(/\/(widget\/[^/]*)?([?#].*)?$/, '');

const TEXT = {
  loading: 'Connecting…',
  ready: 'You are connected.',
  network_error: 'Connection lost. Reconnecting…',
  unavailable: 'The service does not answer. Trying again…',
  rate_limited: 'Too many tries. One moment…',
  invite_used: 'This invitation was already used on another device. Ask the sender for a new one.',
  invite_expired: 'This invitation has expired. Ask the sender for a new one.',
  invite_revoked: 'This invitation is no longer valid. Ask the sender for a new one.',
  invalid_token: 'This invitation is not valid. Open its link once more.',
  origin_not_allowed: 'This page may not show this content.',
  session_ended: 'Your session has ended.',
  secret_key_in_browser: 'This page is not set up correctly. Please tell its owner.',
  invite_missing: 'Your invitation could not be fetched.',
  frame_failed: 'The content could not be loaded.',
  retry: 'Try again',
  continue: 'Continue',
  reference: 'Reference:',
};

const STYLE = `:host{all:initial;display:block}:host([hidden]),.p:empty{display:none}
.p{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;padding:12px 16px;font:16px/1.5 var(--token-service-font,system-ui,sans-serif);color:CanvasText;background:Canvas;border:1px solid GrayText;border-left:4px solid var(--token-service-accent,CanvasText);border-radius:6px}
p{margin:0;flex:1 14em}small{flex-basis:100%}
button{font:inherit;min-height:44px;padding:0 20px;color:Canvas;background:CanvasText;border:0;border-radius:6px}`;

const fault = (code, message, more) =>
  Object.assign(Error(message || TEXT[code] || code), { name: 'WidgetError', code, retryable: code == 'network_error' }, more);

// An API key has no dots, a token has two. A key is told by its usual prefixes, or by 43 characters after any prefix.
const noKeys = (values) => {
  for (const value of Object.values(values)) {
    if (/^(\w*_)?(sk|rk|live|test)_\w{8,}$|^[a-z]\w*_[0-9A-Za-z]{43}$/.test(value)) {
      const error = fault('secret_key_in_browser', 'A secret key must never reach a browser: revoke it.');
      console.error(error.message);
      throw error;
    }
  }
};

const encode = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/[+/=]/g, (c) => ({ '+': '-', '/': '_' })[c] || '');
const random = () => encode(crypto.getRandomValues(new Uint8Array(24)));
const utf8 = (text) => new TextEncoder().encode(text);
const digest = async (text) => encode(await crypto.subtle.digest('SHA-256', utf8(text)));
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

// What the last answer told for the next proof: a nonce, and by how much the clock here is set wrong.
let fresh, skew = 0;
const learn = ({ headers }) => {
  const given = headers.get('DPoP-Nonce');
  fresh = given || fresh;
  skew = Date.parse(headers.get('Date')) - Date.now() || skew;
  return given;
};

// A proof that this browser holds the key (RFC 9449).
const proof = async (pair, method, url, token) => {
  const text = [
    { typ: 'dpop+jwt', alg: 'ES256', jwk: await crypto.subtle.exportKey('jwk', pair.publicKey) },
    { jti: random(), htm: method, htu: url.split(/[?#]/)[0], iat: (Date.now() + skew) / 1000 | 0, nonce: fresh, ...token && { ath: await digest(token) } },
  ].map((part) => encode(utf8(JSON.stringify(part)))).join('.');
  return text + '.' + encode(await crypto.subtle.sign(ECDSA, pair.privateKey, utf8(text)));
};

const make = (name, more, parent) => {
  const element = Object.assign(document.createElement(name), more);
  parent?.append(element);
  return element;
};

const widgets = new WeakMap();

const mount = (target, options) => {
  noKeys(options);
  if (!options.inviteToken && !options.fetchInviteToken) throw TypeError('Give inviteToken or fetchInviteToken.');
  options = { theme: 'auto', ...options };
  const heard = {};
  const content = make('div');
  const root = make('div');
  const shadow = root.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  shadow.adoptedStyleSheets = [sheet];
  const areas = ['status', 'alert'].map((role) => make('div', { className: 'p', role, tabIndex: -1 }, shadow));
  let box, stop, frame, port, alarm;
  let state = 'unmounted', error, timer, busy, settle, fail, awake, answered;
  let invite, nonce, sent, channel, topic;
  // The token in use and what came with it: nowhere but here.
  let session, token, life, lead, pair, bound;
  // Counts starts and stops: whoever waited over a stop sees that it is no longer meant.
  let run = 0;

  const begin = () => {
    handle.ready = new Promise((done, refuse) => { settle = done; fail = refuse; });
    handle.ready.catch(() => {});
  };
  const isOver = () => state == 'expired' || state == 'refused' || !box;

  const tell = (name, detail = {}) => {
    for (const [f, once] of [...heard[name] || []]) {
      if (once) handle.off(name, f);
      // A listener that fails must not stop the renewals.
      try { f(detail); } catch (e) { reportError(e); }
    }
    options[`on${name[0].toUpperCase()}${name.slice(1)}`]?.(detail);
    box?.dispatchEvent(new CustomEvent(`token-service:${name}`, { detail, bubbles: true }));
    port?.postMessage({ event: name, detail });
  };

  const show = (next, e) => {
    const isNew = next != state || e != error;
    state = next;
    error = e;
    paint();
    if (!isNew) return;
    const { code, message, retryable, requestId } = e || {};
    tell('state', { state, code });
    if (e) tell('error', { code, message, retryable, requestId });
  };

  const paint = () => {
    if (!box) return;
    const code = error?.code;
    const text = (name) => options.messages?.[name] || TEXT[name] || TEXT.unavailable;
    box.dataset.state = state;
    box.dataset.code = code || '';
    root.style.colorScheme = options.theme == 'auto' ? 'light dark' : options.theme;
    root.lang = options.locale || (options.messages ? '' : 'en');
    const over = isOver();
    const focused = content.contains(document.activeElement);
    content.hidden = over || !session;
    areas.forEach((panel) => panel.replaceChildren());
    root.hidden = state == 'renewing' || (state == 'ready' && content.hasChildNodes());
    if (root.hidden) return;
    const panel = areas[+over];
    make('p', { textContent: text(code || state) }, panel);
    if (!over) return;
    const isNext = code == 'session_ended';
    if (isNext ? options.fetchInviteToken : /^(origin|invite_m|frame)/.test(code)) {
      make('button', { textContent: text(isNext ? 'continue' : 'retry'), onclick: () => handle.refresh().catch(() => {}) }, panel);
    }
    if (error.requestId) make('small', { textContent: `${text('reference')} ${error.requestId}` }, panel);
    if (focused) panel.focus();
  };

  const end = (e) => {
    clearTimeout(timer);
    show(e.code == 'session_ended' ? 'expired' : 'refused', e.code ? e : fault('unavailable', e.message));
    fail(error);
  };

  // - Asking the service

  const sign = async (method, url, bearer) => ({
    ...bearer && { Authorization: `${bound ? 'DPoP' : 'Bearer'} ${bearer}` },
    ...pair && (bound || !bearer) && { DPoP: await proof(pair, method, url, bearer) },
  });

  const send = async (method, path, body, again) => {
    const url = service + path;
    const headers = { ...await sign(method, url, token), 'Content-Type': 'application/json' };
    const start = [performance.now(), Date.now()];
    let answer, data;
    try {
      answer = await fetch(url, {
        method, headers, body: JSON.stringify(body), credentials: 'omit', redirect: 'error',
        keepalive: !body, signal: AbortSignal.timeout(20000),
      });
      data = await answer.json();
    } catch {
      // Half an answer is none; one that is no JSON comes from a proxy, and its status is all that it says.
      if (!answer || answer.ok) throw fault('network_error');
    }
    const { status } = answer;
    learn(answer);
    if (answer.ok) return { ...data, start };
    const { code = 'unavailable', message, request_id: requestId } = data?.error || {};
    if (/dpop/.test(code) && !again) return send(method, path, body, true);
    throw fault(code, message, {
      status, requestId, wait: +answer.headers.get('Retry-After'), retryable: status == 429 || status >= 500,
    });
  };

  // Repeats until it works or can not work; the widget says why it waits. Nothing, where it was stopped meanwhile.
  const persist = async (mine, work) => {
    for (let tries = 0, lost = 0; ; tries++) {
      let e;
      try { return await work(); } catch (thrown) { e = thrown; }
      if (mine != run) return;
      if (!e.retryable) throw e;
      const cut = e.code == 'network_error';
      // A browser does not tell a refused origin from a broken line. If the service answers others, it refuses us.
      if (cut && navigator.onLine && await reach()) {
        if (lost++) throw fault('origin_not_allowed', `${location.origin} may not use it.`);
        continue;
      }
      if (mine != run) return;
      if (session && lead && left() < 0) {
        lead = 0;
        tell('expired');
      }
      show(cut ? 'offline' : 'waiting', e);
      // Coming back on line ends a wait, but not one that the service asked for.
      const step = Math.min(30, 2 ** tries) * (0.5 + Math.random() / 2);
      await Promise.race([sleep(Math.min(Math.max(step, e.wait || 0), 3600) * 1000), new Promise((done) => { awake = e.wait ? 0 : done; })]);
      if (mine != run) return;
    }
  };

  // - The exchange

  const open = async () => {
    const mine = run;
    show('loading');
    try {
      if (!invite) {
        let got = options.inviteToken;
        if (options.fetchInviteToken) {
          try { got = await options.fetchInviteToken(); } catch (e) { throw fault('invite_missing', e.message); }
          if (mine != run) return;
        }
        noKeys([got]);
        if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(got)) throw fault('invalid_token');
        invite = got;
        // Made before the first try and kept: its holder gets the same session where an answer was lost.
        nonce = random();
        sent = false;
        if (options.bind) pair = await crypto.subtle.generateKey(ECDSA, false, ['sign']);
      }
      await join();
      if (mine != run || session) return;
      const data = await persist(mine, exchange);
      if (data && mine == run) take(data);
    } catch (e) {
      if (mine == run) end(e);
    }
  };

  const exchange = async () => {
    sent = true;
    try {
      return await send('POST', '/v1/widget/sessions', { invite_token: invite, holder_nonce: nonce });
    } catch (e) {
      // Another tab may have opened the session in the same moment.
      if (e.code == 'invite_used') await ask(400);
      if (!session) throw e;
    }
  };

  const take = (data, shared) => {
    // Once bound, or where it must be, no bearer token is accepted in its place.
    if (data.token_type != 'DPoP' && (bound || options.bind == 'required')) throw fault('binding_refused');
    if (!(data.expires_in >= 0)) throw fault('unavailable');
    const first = !session;
    session = { ...session, ...data };
    token = data.participant_token;
    delete session.participant_token;
    bound = data.token_type == 'DPoP';
    life = data.expires_in;
    lead = Math.min(life / 2, Math.max(10, Math.min(60, life / 5))) * (0.9 + Math.random() / 5);
    // Not at once: a renewal that brought this has to be over, and a token that came too late must not make a storm.
    clearTimeout(timer);
    timer = setTimeout(due, 500);
    if (!shared) share();
    show('ready');
    tell(first ? 'ready' : 'renewed', { expiresAt: handle.expiresAt });
    settle(handle);
  };

  // - The clock

  // Seconds that the token has left, by the service's count. Neither a clock that is set wrong nor one that stands
  // while the machine sleeps matters: the larger of two differences counts.
  const left = () => life - Math.max(performance.now() - session.start[0], Date.now() - session.start[1]) / 1000;
  const isLast = () => session.expires_at >= session.renew_until;

  const due = () => {
    clearTimeout(timer);
    const rest = left();
    let next = rest - lead;
    if (next <= 0) {
      if (options.renew != 'manual' && !isLast()) return renew().catch(() => {});
      if (rest <= 0) {
        tell('expired');
        return end(fault('session_ended'));
      }
      if (lead) tell('expiring', { inSeconds: Math.round(rest) });
      lead = 0;
      next = rest;
    }
    timer = setTimeout(due, Math.min(next * 1000 + 20, 2e9));
  };

  const renew = () => busy ||= (async (mine) => {
    clearTimeout(timer);
    if (isOver()) throw error || fault('unmounted');
    show('renewing');
    try {
      const data = await persist(mine, () => send('POST', '/v1/widget/session/renew', { holder_nonce: nonce }));
      if (data && mine == run) take(data);
    } catch (e) {
      // A token that was revoked, or is refused for good, is the end of the session.
      if (/^(token|inv)/.test(e.code)) e.code = 'session_ended';
      if (mine == run) end(e);
      throw e;
    }
  })(run).finally(() => { busy = 0; });

  // After sleep, in a tab that comes back, or on line again: stop waiting, look at the clock.
  const wake = () => {
    awake?.();
    if (state == 'ready') due();
  };

  // - Tabs of one page that hold the same invite share its session

  const join = async () => {
    if (channel || !self.BroadcastChannel || !crypto.subtle) return;
    topic = await digest(invite + service);
    channel = new BroadcastChannel('token-service');
    channel.onmessage = ({ data: note }) => {
      if (note.key != topic) return;
      if (note.ends) return end(fault('session_ended'));
      if (!sent && (!note.asks || note.nonce < nonce)) ({ nonce, pair } = note);
      if (note.asks) return share();
      const { data } = note;
      // The token that was asked for later counts. Ends would not tell: two may fall into one second.
      if (data && !isOver() && !(data.start[1] <= session?.start[1])) {
        ({ nonce, pair } = note);
        sent = true;
        // Each tab has its own monotonic clock.
        data.start[0] = performance.now() - Math.max(0, Date.now() - data.start[1]);
        take(data, true);
      }
      if (data || !sent) answered?.();
    };
    await ask(60);
  };
  const ask = (ms) => {
    channel?.postMessage({ key: topic, asks: true, nonce, pair });
    return channel && Promise.race([sleep(ms), new Promise((done) => { answered = done; })]);
  };
  const share = () =>
    channel?.postMessage({ key: topic, nonce, pair, data: session && { ...session, participant_token: token } });

  // - The frame

  const drawFrame = () => {
    const { href, origin } = new URL(options.frame, location.href);
    frame?.remove();
    port = null;
    frame = make('iframe', {
      title: options.title || 'Embedded content', allow: options.allow ?? 'camera; microphone',
      referrerPolicy: 'no-referrer', src: href, sandbox: 'allow-scripts allow-same-origin allow-forms',
      onload() {
        clearTimeout(alarm);
        alarm = setTimeout(() => {
          if (port || !box) return;
          tell('loaderror', { url: href });
          end(fault('frame_failed'));
        }, options.frameTimeout || 5000);
      },
    }, content);
    frame.style.cssText = `display:block;width:100%;border:0;min-height:${+options.minHeight || 320}px`;
    frame.tokenOrigin = origin;
  };

  // The frame says that it listens; a port goes to its exact origin, and tokens go over the port alone.
  const greet = ({ source, origin, data }) => {
    if (!frame || source != frame.contentWindow || origin != frame.tokenOrigin || data?.type != 'token-service:hello') return;
    const { port1, port2 } = new MessageChannel();
    port = port1;
    port.onmessage = async ({ data: { id, op, method, url, detail } }) => {
      if (op == 'resize') frame.style.height = `${+detail.height}px`;
      if (!id) return tell(op == 'resize' ? op : 'complete', detail);
      try {
        if (op == 'refresh') await renew();
        const current = await handle.getToken();
        port1.postMessage({ id, token: current, headers: await sign(method, url || '', current) });
      } catch ({ code, message }) {
        port1.postMessage({ id, error: { code, message } });
      }
    };
    source.postMessage({ type: 'token-service:port', state }, origin, [port2]);
  };

  const handle = {
    content,
    get state() { return state; },
    get error() { return error; },
    get expiresAt() { return session && new Date(Date.now() + left() * 1000); },
    get session() {
      return session && { id: session.session_id, campaign: session.campaign_id, subject: session.subject, renewUntil: session.renew_until };
    },
    on(name, f, once) {
      (heard[name] ||= new Map()).set(f, once);
      return handle;
    },
    once: (name, f) => handle.on(name, f, true),
    off(name, f) {
      heard[name]?.delete(f);
      return handle;
    },
    mount(target) {
      const element = target.append ? target : document.querySelector(target);
      if (!element) throw TypeError(`no element ${target}`);
      if (box || widgets.has(element)) throw TypeError('It has a widget already.');
      widgets.set(box = element, handle);
      if (options.frame) drawFrame();
      element.append(root, content);
      stop = new AbortController();
      for (const name of ['online', 'pageshow', 'focus', 'visibilitychange']) addEventListener(name, wake, stop);
      addEventListener('message', greet, stop);
      if (session) {
        show('ready');
        join();
        due();
      } else open();
      return handle;
    },
    unmount() {
      if (!box) return;
      run++;
      clearTimeout(timer);
      clearTimeout(alarm);
      stop.abort();
      channel?.close();
      channel = busy = null;
      show('unmounted');
      root.remove();
      content.remove();
      widgets.delete(box);
      box = null;
    },
    // Forgets everything; with `end` the session is over, in every tab.
    destroy(how) {
      const forget = () => { token = session = invite = nonce = pair = bound = null; };
      if (how?.end && session) {
        channel?.postMessage({ key: topic, ends: true });
        // A bound token may need a second proof, so key and token stay until the answer.
        send('DELETE', '/v1/widget/session').catch(() => {}).finally(forget);
      } else forget();
      handle.unmount();
      fail(error = fault('session_ended'));
    },
    update(more) {
      noKeys(more);
      Object.assign(options, more);
      paint();
      return handle;
    },
    // Renews now, or starts anew after an end.
    async refresh() {
      if (!isOver() && session) await renew();
      else if (box) {
        const where = box;
        if (!/^(origin|frame)/.test(error?.code)) invite = session = token = bound = null;
        handle.unmount();
        begin();
        await handle.mount(where).ready;
      }
      return handle;
    },
    // A token that is good now; waits where the exchange or a renewal is needed first.
    async getToken() {
      if (isOver()) throw error || fault('unmounted');
      await handle.ready;
      if (left() < (isLast() ? 0 : 2)) await renew();
      return token;
    },
    // Presents the token: only to the origins named, never along a redirect, and once more after a renewal.
    async fetch(input, init) {
      const request = new Request(input, { credentials: 'omit', redirect: 'error', ...init });
      const { origin } = new URL(request.url);
      if (![location.origin, new URL(service).origin, ...options.apiOrigins || []].includes(origin)) {
        throw TypeError(`${origin} is not in apiOrigins.`);
      }
      for (let again, tries = 3; ;) {
        const attempt = request.clone();
        const fields = await sign(request.method, request.url, await handle.getToken());
        for (const field of Object.entries(fields)) attempt.headers.set(...field);
        const answer = await fetch(attempt);
        const isNew = learn(answer);
        if (again || !--tries || !/401|410/.test(answer.status)) return answer;
        // A proof without the server's nonce is made anew with it; the token may be good.
        try { isNew || (again = !await renew()); } catch { return answer; }
      }
    },
  };
  begin();
  return handle.mount(target);
};

const reach = () =>
  fetch(`${service}/widget/v1.json`, { credentials: 'omit', cache: 'no-store' }).then(({ ok }) => ok, () => false);

// <div data-token-service data-invite-token="…"> mounts itself; so does one with a JSON script element of options.
const declared = () => {
  for (const element of document.querySelectorAll('[data-token-service]')) {
    if (widgets.has(element)) continue;
    const script = element.querySelector('script');
    try {
      const options = { ...element.dataset, ...script && JSON.parse(script.textContent) };
      script?.remove();
      delete element.dataset.inviteToken;
      mount(element, options);
    } catch (e) {
      element.dataset.state = 'refused';
      element.dataset.code = e.code || 'invalid_options';
      console.error(e);
    }
  }
};

window[tag.dataset.global || 'TokenService'] = { version: 1, service, mount, get: (element) => widgets.get(element) };
if (document.readyState == 'loading') addEventListener('DOMContentLoaded', declared);
else declared();
dispatchEvent(new Event('token-service:load'));
})();
