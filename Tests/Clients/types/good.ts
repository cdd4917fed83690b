// A host page in TypeScript that uses all of the widget's declarations. Compiled only, with --strict.
import type { FrameClient, WidgetError, WidgetHandle, WidgetMessages, WidgetOptions, WidgetState } from "./v1";

async function inviteToken(): Promise<string> {
  const response = await fetch("/my/invite", { method: "POST" });
  const body: { invite_token: string } = await response.json();
  return body.invite_token;
}

const messages: WidgetMessages = { invite_expired: "Ask us for a new link.", retry: "Once more" };
const options: WidgetOptions = {
  fetchInviteToken: inviteToken,
  frame: "https://interviews.example.com/room",
  title: "Interview",
  theme: "auto",
  messages,
  locale: "en",
  renew: "auto",
  apiOrigins: ["https://api.customer.example"],
  bind: "preferred",
  onReady: ({ expiresAt }) => console.log(expiresAt.toISOString()),
  onError: ({ code, message, retryable }) => console.log(code, message, retryable),
  onResize: ({ height }) => console.log(height.toFixed(0)),
};

const widget: WidgetHandle = TokenService.mount("#interview-container", options);
const once: WidgetHandle = TokenService.mount(document.body, { inviteToken: "eyJ" });
const found: WidgetHandle | undefined = TokenService.get(document.body);
const version: 1 = TokenService.version;

widget
  .on("expiring", ({ inSeconds }) => console.log(inSeconds + 1))
  .once("complete", ({ result }) => console.log(result))
  .off("state", ({ state, code }) => console.log(state, code));

async function use(): Promise<void> {
  try {
    const ready = await widget.ready;
    const answer: Response = await ready.fetch(new URL("/api/questions", location.href), { method: "POST" });
    const token: string = await ready.getToken();
    ready.content.append(await answer.text(), String(token.length), ready.session?.subject ?? "");
  } catch (error) {
    const known = error as WidgetError;
    console.log(known.code, known.status, known.requestId, known.retryable);
  }
  const state: WidgetState = widget.state;
  if (state === "expired") await widget.refresh();
  widget.update({ theme: "dark" }).unmount();
  widget.mount("#other").destroy({ end: true });
}

async function inTheFrame(): Promise<void> {
  const client: FrameClient = await TokenServiceFrame.connect({ parentOrigin: "https://customer.example" });
  client.on("renewed", () => client.resize(document.documentElement.scrollHeight));
  await client.refresh();
  client.complete({ score: (await (await client.fetch("/api/room")).text()).length });
}

void [once, found, version, use, inTheFrame];
