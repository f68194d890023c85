/**
 * Who may come in, and as whom.
 *
 * 1. On a loopback address a program without credentials is the administrator of this machine, as with gRPC; a browser
 *    has to sign in, because every page that it shows could call as well.
 * 2. On any other address everybody shows the key, or has signed in with it.
 * 3. Who shows a key or token of somebody is that somebody, on every address; what it may do is decided where it is done.
 */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { type Clock, localAdministrator, type Principal, type SecretReference } from "@tutti/kernel";
import { gatewayErrors } from "../errors.ts";
import { type CookieOptions, cookieIn, cookieName, dropCookie, setCookie } from "./cookie.ts";
import { Links } from "./links.ts";
import { isLoopbackHost, isOfBrowser, refuseStrangers } from "./origin.ts";
import { isSame } from "./secrets.ts";
import { Sessions } from "./sessions.ts";
import { Tries } from "./tries.ts";

export interface AccessOptions {
  readonly clock: Clock;
  /** The address that is listened on. */
  readonly host: string;
  readonly key: SecretReference | undefined;
  readonly linkMs: number;
  readonly signInMs: number;
  readonly secureCookie: boolean;
  /** Where sign-ins are kept; undefined keeps them as long as the process lives. */
  readonly file: string | undefined;
  /** Whom a key or token of the installation stands for; absent where none are taken. */
  readonly identify?: ((shown: string, from: string) => Promise<Principal>) | undefined;
}

export interface Caller {
  readonly principal: Principal;
  /** How that is known. */
  readonly by: "loopback" | "cookie" | "key";
}

/** A sign-in: the header that sets the cookie, and when it ends. */
export interface SignIn {
  readonly cookie: string;
  readonly endMs: number;
}

/** As much of a request as says who makes it. */
export type Asking = Pick<IncomingMessage, "headers"> & {
  readonly socket: { readonly remoteAddress?: string | undefined };
};

const addressOf = ({ socket }: Asking): string => socket.remoteAddress ?? "";

export class Access {
  readonly isLoopback: boolean;
  readonly #options: AccessOptions;
  readonly #sessions: Sessions;
  readonly #links: Links;
  readonly #tries: Tries;

  /** Throws where the port can be reached from outside and nothing says who may come in. */
  constructor(options: AccessOptions) {
    const { clock, host, key, linkMs, signInMs, file } = options;
    this.isLoopback = isLoopbackHost(host);
    if (!this.isLoopback && key === undefined) throw gatewayErrors.keyNeeded({ host });
    this.#options = options;
    this.#sessions = new Sessions({ clock, goodForMs: signInMs, file });
    this.#links = new Links({ clock, goodForMs: linkMs });
    this.#tries = new Tries(clock);
  }

  /** Reads who has signed in; a key that cannot be had is said at once, not to the first who comes. */
  async start(): Promise<void> {
    await this.#options.key?.reveal();
    await this.#sessions.load();
  }

  /** Refuses whatever a browser was led to by another site. */
  refuseStrangers(headers: IncomingHttpHeaders, { isPage }: { readonly isPage: boolean }): void {
    refuseStrangers(headers, this.isLoopback, isPage);
  }

  async callerOf(request: Asking): Promise<Caller> {
    const { headers } = request;
    const { authorization, cookie } = headers;
    if (authorization !== undefined) {
      const shown = /^Bearer +(.+)$/i.exec(authorization)?.[1]?.trim() ?? "";
      const { identify } = this.#options;
      if (identify !== undefined && isOfSomebody(shown))
        return { principal: await identify(shown, addressOf(request)), by: "key" };
      await this.#checkKey(request, shown);
      return { principal: localAdministrator, by: "key" };
    }
    const secret = cookieIn(cookie, cookieName(headers.host ?? ""));
    if (secret !== undefined && this.#sessions.standing(secret) === "good")
      return { principal: localAdministrator, by: "cookie" };
    if (this.isLoopback && !isOfBrowser(headers)) return { principal: localAdministrator, by: "loopback" };
    throw secret === undefined
      ? gatewayErrors.signInNeeded({ how: this.#how(headers) })
      : gatewayErrors.signInExpired({ how: this.#how(headers) });
  }

  /** A link that signs a browser in, once. */
  link(url: string): { readonly url: string; readonly endMs: number } {
    const { token, endMs } = this.#links.issue();
    return { url: `${url}/sign-in?token=${token}`, endMs };
  }

  /** Signs in with the token of a link, or with the key. */
  async signIn(token: string, request: Asking): Promise<SignIn> {
    const from = addressOf(request);
    this.#tries.admit(from);
    const isKey = await this.#isKey(token);
    try {
      if (!isKey) this.#links.redeem(token);
    } catch (error) {
      this.#tries.failed(from);
      throw error;
    }
    const { secret, endMs } = await this.#sessions.begin();
    const cookie = setCookie(secret, endMs - this.#options.clock.now(), this.#cookie(request.headers));
    return { cookie, endMs };
  }

  /** Signs out: the header that takes the cookie away. */
  async signOut(headers: IncomingHttpHeaders): Promise<string> {
    const cookie = this.#cookie(headers);
    const secret = cookieIn(headers.cookie, cookie.name);
    if (secret !== undefined) await this.#sessions.end(secret);
    return dropCookie(cookie);
  }

  #cookie({ host = "" }: IncomingHttpHeaders): CookieOptions {
    return { name: cookieName(host), isSecure: this.#options.secureCookie };
  }

  async #checkKey(request: Asking, shown: string): Promise<void> {
    const from = addressOf(request);
    this.#tries.admit(from);
    if (await this.#isKey(shown)) return;
    this.#tries.failed(from);
    throw gatewayErrors.keyWrong();
  }

  async #isKey(shown: string): Promise<boolean> {
    const { key } = this.#options;
    // Read anew each time: a key that was changed holds from then on.
    return key !== undefined && isSame(shown, await key.reveal());
  }

  #how(headers: IncomingHttpHeaders): string {
    if (!isOfBrowser(headers))
      return "send Authorization: Bearer and the key of this installation (gateway.key)";
    return this.isLoopback
      ? "open the link that the terminal shows, or a new one that tutti sign-in gives"
      : "sign in with the key of this installation (gateway.key)";
  }
}

/** Keys of the installation say so by their beginning, tokens by their three parts; the gateway's own key is neither. */
function isOfSomebody(shown: string): boolean {
  return shown.startsWith("tutti_live_") || /^[\w-]+\.[\w-]+\.[\w-]*$/.test(shown);
}
