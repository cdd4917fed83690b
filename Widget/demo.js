// The customer's page of the demonstration. Its backend is the process of `token-service dev`, on loopback only.
(() => {
  const { service, frame } = document.currentScript.dataset;
  const element = (id) => document.getElementById(id);
  const buttons = ['expire', 'revoke', 'offline', 'steal'].map(element);
  const CAMPAIGNS = {
    camp_demo: 'An ordinary campaign.',
    camp_test_short: 'Tokens of three seconds: watch the renewals.',
    camp_test_slow: 'The exchange takes three seconds.',
    camp_test_used: 'The invite was used by somebody else.',
    camp_test_expired: 'The invite has expired.',
    camp_test_revoked: 'The invite was revoked.',
    camp_test_invalid: 'The invite is no good.',
    camp_test_origin: 'This page is not on the list of origins.',
    camp_test_rate_limited: 'Too many exchanges.',
    camp_test_unavailable: 'The service does not answer.',
    camp_test_renew_fails: 'Renewals fail until the token is over.',
    camp_test_slow_renew: 'A renewal takes longer than the token lives.',
    camp_test_ended: 'The session ends with the first renewal.',
    camp_test_last: 'The session ends after three seconds, and a fresh invite can be had.',
  };
  let widget;
  let invite;
  let isOffline = false;
  const realFetch = window.fetch;
  // What a broken line looks like to a page. The demonstration's own backend stays in reach.
  window.fetch = (input, init) =>
    isOffline && String(input.url || input).startsWith(service)
      ? Promise.reject(new TypeError('Failed to fetch')) : realFetch(input, init);

  const say = (title, text, isBad = false) => {
    const item = document.createElement('li');
    if (isBad) item.className = 'bad';
    const name = item.appendChild(document.createElement('b'));
    name.textContent = title;
    const detail = item.appendChild(document.createElement('small'));
    detail.textContent = `${new Date().toLocaleTimeString()}  ${text}`;
    element('line').prepend(item);
    while (element('line').children.length > 40) element('line').lastChild.remove();
  };

  const backend = async (path, body) => {
    const answer = await realFetch(path, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
    });
    const data = answer.status === 204 ? {} : await answer.json();
    if (!answer.ok) throw new Error(data.error?.message || `status ${answer.status}`);
    return data;
  };

  const decode = (part) => JSON.parse(new TextDecoder().decode(
    Uint8Array.from(atob(part.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0))));
  const showClaims = async () => {
    try {
      const [head, payload] = (await widget.getToken()).split('.');
      element('claims').textContent = JSON.stringify({ ...decode(head), ...decode(payload) }, null, 2);
    } catch { /* It ended: the last claims stay. */ }
  };

  const mint = async () => {
    invite = await backend('/demo/invites', { campaign_id: element('campaign').value });
    say('Minted', `${invite.id}, for ${invite.campaign_id}, good until ${invite.expires_at}`);
    return invite.invite_token;
  };

  const start = async () => {
    widget?.destroy();
    element('claims').textContent = 'None yet.';
    const options = { fetchInviteToken: mint, title: 'The widget’s content' };
    if (element('framed').checked) options.frame = frame;
    if (element('bound').checked) options.bind = 'required';
    widget = InterviewRelay.mount('#interview-container', options);
    if (!options.frame) {
      const note = document.createElement('label');
      note.textContent = 'What you type here stays, through every renewal: ';
      note.append(document.createElement('input'));
      widget.content.append(note);
    }
    widget
      .on('ready', ({ expiresAt }) => { say('Redeemed', `token good until ${expiresAt.toLocaleTimeString()}`); showClaims(); })
      .on('renewed', ({ expiresAt }) => { say('Renewed', `token good until ${expiresAt.toLocaleTimeString()}`); showClaims(); })
      .on('expired', () => say('Expired', 'the token is over', true))
      .on('error', ({ code, message }) => say(`Refused: ${code}`, message, true))
      .on('state', ({ state }) => {
        const isAlive = ['ready', 'renewing', 'offline', 'waiting'].includes(state) && widget?.session;
        for (const button of buttons) button.disabled = !isAlive;
      });
  };

  const expire = async () => {
    const token = await widget.getToken();
    const seconds = Math.max(1, Math.ceil((widget.expiresAt - Date.now()) / 1000) + 1);
    await backend('/demo/expire', { seconds });
    say('Expired', `the service’s clock went ${seconds} s ahead`, true);
    const isBound = Boolean(decode(token.split('.')[1]).cnf);
    if (!isBound) {
      const refused = await realFetch(`${service}/v1/widget/session`, { headers: { Authorization: `Bearer ${token}` } });
      say(`The old token: ${refused.status}`, (await refused.json()).error?.code || 'accepted', !refused.ok);
    }
    const answer = await widget.fetch(`${service}/v1/widget/session`);
    say(`The widget’s own request: ${answer.status}`, `its ${isBound ? 'key' : 'nonce'} renewed the session in place`);
  };

  const revoke = async () => {
    await backend('/demo/revoke', { invite_id: invite.id });
    say('Revoked', `${invite.id} and everything that came of it`, true);
    const answer = await widget.fetch(`${service}/v1/widget/session`);
    say(`The next request: ${answer.status}`, (await answer.json()).error?.code || 'accepted', !answer.ok);
  };

  const offline = async () => {
    isOffline = !isOffline;
    element('offline').setAttribute('aria-pressed', String(isOffline));
    element('offline').textContent = isOffline ? 'Go on line' : 'Go offline';
    Object.defineProperty(navigator, 'onLine', { configurable: true, get: () => !isOffline });
    dispatchEvent(new Event(isOffline ? 'offline' : 'online'));
    say(isOffline ? 'Offline' : 'On line', isOffline ? 'requests fail; the content stays' : 'the widget goes on');
    if (isOffline) widget.refresh().catch(() => {});
  };

  const steal = async () => {
    const token = await widget.getToken();
    const { replays } = await backend('/demo/steal', { token });
    for (const { from, status, code } of replays) {
      say(`Stolen, from ${from}: ${status}`, status === 200
        ? 'accepted: whoever lies about the origin outside a browser passes, as long as the token is bound to no key'
        : `${code}: whoever has the token but not the key, or not the page, has nothing`, status === 200);
    }
  };

  const guard = (work) => () => work().catch((error) => say('Failed', error.message, true));
  element('here').textContent = location.origin;
  element('service').textContent = service;
  for (const name of Object.keys(CAMPAIGNS)) element('campaign').append(new Option(name));
  const describe = () => { element('about').textContent = CAMPAIGNS[element('campaign').value]; };
  element('campaign').onchange = describe;
  describe();
  element('start').onclick = guard(start);
  element('expire').onclick = guard(expire);
  element('revoke').onclick = guard(revoke);
  element('offline').onclick = guard(offline);
  element('steal').onclick = guard(steal);

  addEventListener('token-service:load', guard(start));
  const script = document.createElement('script');
  script.src = `${service}/widget/v1.js`;
  script.dataset.global = 'InterviewRelay';
  document.head.append(script);
})();
