/** TokenService widget, version 1. The script at /widget/v1.js puts `TokenService` (or the name in its `data-global`)
 *  on the window; the one at /widget/frame.js, for a page inside the widget's frame, puts `TokenServiceFrame`. */

export type WidgetState =
  | "loading" | "ready" | "renewing" | "waiting" | "offline" | "expired" | "refused" | "unmounted";

export type WidgetErrorCode =
  | "invite_used" | "invite_expired" | "invite_revoked" | "invalid_token" | "origin_not_allowed" | "session_ended"
  | "rate_limited" | "unavailable" | "network_error" | "secret_key_in_browser" | "invite_missing" | "frame_failed"
  | "binding_refused" | "unmounted" | (string & {});

export interface WidgetError extends Error {
  readonly name: "WidgetError";
  readonly code: WidgetErrorCode;
  /** True where the widget tries again by itself. */
  readonly retryable: boolean;
  /** The HTTP status, where the service answered. */
  readonly status?: number;
  /** Quote it when you ask the operator about a refusal. */
  readonly requestId?: string;
}

/** Texts by error code, and `loading`, `ready`, `retry`, `continue`, `reference`. */
export type WidgetMessages = Partial<Record<WidgetErrorCode | "loading" | "ready" | "retry" | "continue" | "reference", string>>;

export interface WidgetEvents {
  ready: { expiresAt: Date };
  renewed: { expiresAt: Date };
  /** The token ends for good, or waits for `refresh()` where `renew` is `"manual"`. */
  expiring: { inSeconds: number };
  expired: {};
  state: { state: WidgetState; code?: WidgetErrorCode };
  error: { code: WidgetErrorCode; message: string; retryable: boolean; requestId?: string };
  /** The frame did not load, or did not ask for a port. */
  loaderror: { url: string };
  /** The page in the frame called `complete(result)`. */
  complete: { result: unknown };
  /** The page in the frame called `resize(height)`. */
  resize: { height: number };
}

type Listeners = { [Name in keyof WidgetEvents as `on${Capitalize<Name>}`]?: (detail: WidgetEvents[Name]) => void };

interface CommonOptions extends Listeners {
  /** URL of a page to show in a frame; it loads /widget/frame.js and calls `connect`. */
  frame?: string;
  /** Title of the frame, for screen readers. */
  title?: string;
  /** Permissions policy of the frame; default `camera; microphone`. */
  allow?: string;
  /** Least height of the frame in pixels; default 320. */
  minHeight?: number;
  /** Milliseconds from the frame's load until it must have asked for a port; default 5000. */
  frameTimeout?: number;
  theme?: "auto" | "light" | "dark";
  messages?: WidgetMessages;
  /** BCP 47 language of `messages`. */
  locale?: string;
  renew?: "auto" | "manual";
  /** Origins beside the page's and the service's that `fetch` may send the token to. */
  apiOrigins?: string[];
  /** Binds the token to a key of this browser (DPoP, RFC 9449), where the service can; `required` takes no other. */
  bind?: "preferred" | "required";
}

export type WidgetOptions = CommonOptions & (
  | { inviteToken: string; fetchInviteToken?: undefined }
  /** Preferred: it can be called again after an end. */
  | { fetchInviteToken: () => Promise<string>; inviteToken?: undefined }
);

export interface WidgetHandle {
  /** Resolves with the handle once there is a token; rejects at an end. */
  readonly ready: Promise<WidgetHandle>;
  readonly state: WidgetState;
  readonly error?: WidgetError;
  readonly expiresAt?: Date;
  readonly session?: { id: string; campaign: string; subject: string; renewUntil: string };
  /** An element for the page's own content: shown while there is a session, kept through renewals. */
  readonly content: HTMLDivElement;
  on<Name extends keyof WidgetEvents>(name: Name, listener: (detail: WidgetEvents[Name]) => void): this;
  once<Name extends keyof WidgetEvents>(name: Name, listener: (detail: WidgetEvents[Name]) => void): this;
  off<Name extends keyof WidgetEvents>(name: Name, listener: (detail: WidgetEvents[Name]) => void): this;
  /** A token that is good now; waits for the exchange or a renewal where one is needed. */
  getToken(): Promise<string>;
  /** `fetch` with the token, to this page's origin, the service's and `apiOrigins` alone; redirects are errors. */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /** Renews now; after an end, starts anew with a fresh invite where `fetchInviteToken` is given. */
  refresh(): Promise<this>;
  update(options: Partial<CommonOptions>): this;
  /** Takes the widget off the page and keeps its session in memory: `mount` puts it back. */
  unmount(): void;
  mount(target: string | Element): this;
  /** Takes it off the page and forgets everything; with `end` the session is over, in every tab. */
  destroy(how?: { end?: boolean }): void;
}

export interface WidgetGlobal {
  readonly version: 1;
  /** Where the service is. */
  readonly service: string;
  /** Throws where the target is missing or taken, without an invite, and with anything that looks like an API key. */
  mount(target: string | Element, options: WidgetOptions): WidgetHandle;
  /** The widget of an element, such as one that mounted itself. */
  get(element: Element): WidgetHandle | undefined;
}

export interface FrameClient {
  readonly state: WidgetState;
  readonly parentOrigin: string;
  on(name: "state" | "ready" | "renewed" | "expiring" | "expired" | "error", listener: (detail: any) => void): this;
  off(name: string, listener: (detail: any) => void): this;
  getToken(): Promise<string>;
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  refresh(): Promise<void>;
  resize(height: number): void;
  complete(result: unknown): void;
}

export interface FrameGlobal {
  readonly version: 1;
  readonly service: string;
  /** `parentOrigin` is exact; `"*"` only for a page whose own `frame-ancestors` says who may frame it. */
  connect(options: { parentOrigin: string | string[]; apiOrigins?: string[] }): Promise<FrameClient>;
}

declare global {
  const TokenService: WidgetGlobal;
  const TokenServiceFrame: FrameGlobal;
}
