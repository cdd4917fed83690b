// What the service's own frame page shows: whom the token stands for, read from the token itself.
(async () => {
  const element = (id) => document.getElementById(id);
  const say = (text) => { element('status').textContent = text; };
  const show = async (client) => {
    const token = await client.getToken();
    const payload = token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/');
    const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(payload), (c) => c.charCodeAt(0))));
    element('campaign').textContent = claims.campaign_id;
    element('subject').textContent = claims.sub;
    element('until').textContent = new Date(claims.exp * 1000).toLocaleTimeString();
    element('facts').hidden = false;
    say('You are connected.');
    client.resize(document.documentElement.scrollHeight);
  };
  try {
    // Any page that the browser lets frame this one: its frame-ancestors names the allowed origins.
    const client = await TokenServiceFrame.connect({ parentOrigin: '*' });
    client.on('renewed', () => show(client).catch(() => {}));
    await show(client);
  } catch (error) {
    say(error.message);
  }
})();
