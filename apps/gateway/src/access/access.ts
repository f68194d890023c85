/**
 * Authenticates callers, and returns the principal of each.
 *
 * 1. On a loopback address a program without credentials is the administrator of this machine, as with gRPC. A
 *    browser must sign in, because every page that it shows could send requests as well.
 * 2. On any other address every caller sends the key, or has signed in with it.
 * 3. A caller with a key or token has the identity of that credential, on every address. The service that executes
 *    the call decides what the caller may do.
 * 4. A sign-in by a key or token lasts as long as the key or token is valid.
 * 5. No sign-in starts without a record in the audit log. Ending a sign-in removes a right, so it does not wait for
 *    the record.
 */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { Cause } from "@tutti/contracts/types/v1";
import { actorKinds, type Guard, type Recorded } from "@tutti/host";
import {
  type Clock,
  isLoopbackHost,
  isTuttiError,
  localAdministrator,
  type Principal,
  type SecretReference,
  type TuttiError,
} from "@tutti/kernel";
import { installationNamespace } from "@tutti/mesh";
import { Lockouts } from "@tutti/policy";
import { clientAddressOf } from "@tutti/telemetry";
import { gatewayErrors } from "../errors.ts";
import { type CookieOptions, cookieIn, cookieName, dropCookie, setCookie } from "./cookie.ts";
import { IssuerSignIns, type SignInMethod } from "./issuers/issuer-sign-ins.ts";
import type { SignInIssuer } from "./issuers/settings.ts";
import { Links } from "./links.ts";
import { isOfBrowser, refuseStrangers } from "./origin.ts";
import { isSame } from "./secrets.ts";
import type { SignIn } from "./sign-in.ts";
import type { SignInStore } from "./sign-in-store.ts";
import { type NewSignIn, SignIns } from "./sign-ins.ts";

export interface AccessOptions {
  readonly clock: Clock;
  /** The address on which the gateway listens. */
  readonly host: string;
  readonly key: SecretReference | undefined;
  readonly linkMs: number;
  readonly signInMs: number;
  readonly secureCookie: boolean;
  /** The store of sign-ins. */
  readonly store: SignInStore;
  /** Identifies callers by keys and tokens. Absent if none are accepted. */
  readonly guard?: AccessGuard | undefined;
  /** The address at which people open the dashboard. If empty, the address of the request. */
  readonly pageUrl?: string;
  /** Issuers that sign people in. */
  readonly issuers?: Readonly<Record<string, SignInIssuer>>;
}

type AccessGuard = Pick<
  Guard,
  | "identifyBy"
  | "signInBy"
  | "resumeSignIn"
  | "issuerSite"
  | "signInByIssuer"
  | "doneAtEdge"
  | "pace"
  | "recordFailure"
>;

export interface Caller {
  readonly principal: Principal;
  /** How the caller was identified. */
  readonly by: "loopback" | "cookie" | "key";
  /** The sign-in of a browser. */
  readonly signIn?: SignIn;
}

/** A user signed in: the header that sets the cookie, and when the sign-in ends. */
export interface Authenticated {
  readonly cookie: string;
  readonly endMs: number;
}

/** The user of a sign-in at its start or end, and the means or the reason. */
interface SignInCause {
  readonly by: Principal;
  readonly reason: string;
}

type GuessWatch = Pick<AccessGuard, "pace" | "recordFailure">;

/** The parts of a request that identify its caller. */
export type CallerRequest = Pick<IncomingMessage, "headers" | "socket">;

export class Access {
  readonly isLoopback: boolean;
  readonly #options: AccessOptions;
  readonly #signIns: SignIns;
  readonly #issuers: IssuerSignIns | undefined;
  readonly #links: Links;
  readonly #guesses: GuessWatch;

  /** Throws if the port can be reached from outside and no key protects it. */
  constructor(options: AccessOptions) {
    const { clock, host, key, linkMs, signInMs, store } = options;
    this.isLoopback = isLoopbackHost(host);
    if (!this.isLoopback && key === undefined) throw gatewayErrors.keyNeeded({ host });
    this.#options = options;
    this.#signIns = new SignIns({ clock, goodForMs: signInMs, store });
    this.#issuers = this.#issuerSignIns(options);
    this.#links = new Links({ clock, goodForMs: linkMs });
    this.#guesses = options.guard ?? new Tries(clock);
  }

  /** Reads the open sign-ins. A missing key fails the start, not the first request. */
  async start(signal: AbortSignal): Promise<void> {
    await this.#options.key?.reveal();
    await this.#signIns.start(signal);
  }

  async stop(): Promise<void> {
    await this.#signIns.stop();
  }

  /** Refuses each request that another site made a browser send. */
  refuseStrangers(headers: IncomingHttpHeaders, { isPage }: { readonly isPage: boolean }): void {
    refuseStrangers(headers, this.isLoopback, isPage);
  }

  async callerOf(request: CallerRequest): Promise<Caller> {
    const { headers } = request;
    const { authorization, cookie } = headers;
    if (authorization !== undefined) {
      const credential = /^Bearer +(.+)$/i.exec(authorization)?.[1]?.trim() ?? "";
      const { guard } = this.#options;
      if (guard !== undefined && isKeyOrToken(credential))
        return { principal: await guard.identifyBy(credential, clientAddressOf(request)), by: "key" };
      await this.#checkKey(request, credential);
      return { principal: localAdministrator, by: "key" };
    }
    const secret = cookieIn(cookie, cookieName(headers.host ?? ""));
    const signIn = secret === undefined ? undefined : await this.#signIns.find(secret);
    if (signIn !== undefined) return this.#signedIn(signIn, clientAddressOf(request));
    if (this.isLoopback && !isOfBrowser(headers)) return { principal: localAdministrator, by: "loopback" };
    throw secret === undefined
      ? gatewayErrors.signInNeeded({ how: this.#signInHint(headers) })
      : gatewayErrors.signInExpired({ how: this.#signInHint(headers) });
  }

  /** Returns a link that signs a browser in, once. */
  link(url: string): { readonly url: string; readonly endMs: number } {
    const { token, endMs } = this.#links.issue();
    return { url: `${url}/sign-in?token=${token}`, endMs };
  }

  /** Signs in with the token of a link, with the key of the installation, or with a key or token of governance. */
  async signIn(token: string, request: CallerRequest): Promise<Authenticated> {
    const from = clientAddressOf(request);
    const { guard } = this.#options;
    if (guard !== undefined && isKeyOrToken(token)) {
      const { kind: by, ...known } = await guard.signInBy(token, from);
      return this.#authenticate({ ...known, by }, request);
    }
    const isKey = await this.#redeem(token, from);
    const untilMs = Number.POSITIVE_INFINITY;
    try {
      return await this.#authenticate({ principal: localAdministrator, by: "link", untilMs }, request);
    } catch (error) {
      if (!isKey) this.#links.release(token);
      throw error;
    }
  }

  /** Returns the issuers with which people can sign in, in addition to links. */
  signInMethods(): readonly SignInMethod[] {
    return this.#issuers?.methods() ?? [];
  }

  /** Sends a browser to an issuer. */
  redirectToIssuer(
    issuer: string,
    to: string,
    { headers }: CallerRequest,
  ): ReturnType<IssuerSignIns["start"]> {
    return this.#atIssuers().start(issuer, to, headers);
  }

  /** A user comes back from an issuer. */
  async completeIssuerSignIn(
    answer: URLSearchParams,
    request: CallerRequest,
  ): Promise<Authenticated & { readonly to: string }> {
    const { headers } = request;
    const { known, to } = await this.#atIssuers().finish(answer, headers, clientAddressOf(request));
    const { kind: by, ...given } = known;
    return { ...(await this.#authenticate({ ...given, by }, request)), to };
  }

  /** Removes the cookie of a sign-in that is pending at an issuer. */
  clearPendingSignIn({ headers }: CallerRequest): string | undefined {
    return this.#issuers?.dropCookie(headers);
  }

  /** Signs out: the header that takes the cookie away. */
  async signOut(headers: IncomingHttpHeaders): Promise<string> {
    const cookie = this.#cookie(headers);
    const secret = cookieIn(headers.cookie, cookie.name);
    const signIn = secret === undefined ? undefined : await this.#signIns.find(secret);
    if (signIn !== undefined)
      await this.endSignIns(({ id }) => id === signIn.id, { by: signIn.principal, reason: "signed out" });
    return dropCookie(cookie);
  }

  /** The latest first. */
  signIns(): readonly SignIn[] {
    return this.#signIns.list();
  }

  /** Ends the selected sign-ins and their open responses. Returns their number. */
  async endSignIns(isMeant: (signIn: SignIn) => boolean, cause: SignInCause): Promise<number> {
    const ended = await this.#signIns.revoke(isMeant);
    for (const signIn of ended) void this.#record("gateway.sign_ins.end", signIn, cause);
    return ended.length;
  }

  /** Ties an open response to the sign-in of its browser: the response ends with the sign-in. */
  track({ signIn }: Caller, open: Parameters<SignIns["track"]>[1]): void {
    if (signIn !== undefined) this.#signIns.track(signIn, open);
  }

  #issuerSignIns({ clock, guard, issuers = {}, pageUrl = "", host, secureCookie, store }: AccessOptions) {
    if (guard === undefined || Object.keys(issuers).length === 0) return undefined;
    // The `Host` header is trusted on this machine alone.
    if (!this.isLoopback && pageUrl === "") throw gatewayErrors.urlNeeded({ host });
    return new IssuerSignIns({
      clock,
      guard,
      issuers,
      pageUrl,
      isSecure: secureCookie,
      sealKey: () => store.sealKey(),
    });
  }

  #atIssuers(): IssuerSignIns {
    if (this.#issuers === undefined) throw gatewayErrors.issuerUnknown();
    return this.#issuers;
  }

  async #authenticate(
    newSignIn: Omit<NewSignIn, "address" | "browser">,
    request: CallerRequest,
  ): Promise<Authenticated> {
    const { headers } = request;
    const about = { address: clientAddressOf(request), browser: headers["user-agent"] ?? "" };
    const { secret, endMs } = await this.#createSignIn({ ...newSignIn, ...about });
    await this.#evict(newSignIn.principal);
    const cookie = setCookie(secret, endMs - this.#options.clock.now(), this.#cookie(headers));
    return { cookie, endMs };
  }

  /** Sign-ins that cannot be ended now are ended at the next sign-in. */
  async #evict(by: Principal): Promise<void> {
    try {
      const beyond = new Set((await this.#signIns.tooMany()).map(({ id }) => id));
      if (beyond.size > 0)
        await this.endSignIns(({ id }) => beyond.has(id), { by, reason: "more were signed in than may be" });
    } catch {}
  }

  /** Recorded in the audit log before the browser gets the cookie. */
  async #createSignIn(newSignIn: NewSignIn): ReturnType<SignIns["create"]> {
    let recorded: SignIn | undefined;
    try {
      return await this.#signIns.create(newSignIn, async (signIn) => {
        const { principal: by, by: credential } = signIn;
        const cause = { by, reason: `by ${credential}` };
        const outcome = await this.#record("gateway.sign_ins.begin", signIn, cause, true);
        if (outcome !== "left_out") recorded = signIn;
        if (outcome !== "recorded") throw gatewayErrors.signInUnrecorded();
      });
    } catch (error) {
      // Its record may still be written, so a second record says that the sign-in ended.
      const cause = {
        by: newSignIn.principal,
        reason: "the sign-in failed: it could not be recorded or stored",
      };
      if (recorded !== undefined) void this.#record("gateway.sign_ins.end", recorded, cause);
      throw error;
    }
  }

  /** Returns whether the audit log has recorded it. Without governance there is no audit log. */
  async #record(
    action: string,
    { id, principal, address }: SignIn,
    { by: { kind, id: actorId }, reason }: SignInCause,
    isYetToBeDone = false,
  ): Promise<Recorded> {
    const namespace = principal.credential?.namespace || installationNamespace;
    const work = { namespace, kind: "sign_in", id, task: "" };
    const cause = Cause.fromPartial({ actor: { kind: actorKinds[kind], id: actorId }, reason });
    const done = { action, namespace, work, cause, address };
    return (await this.#options.guard?.doneAtEdge(done, isYetToBeDone)) ?? "recorded";
  }

  async #signedIn(signIn: SignIn, from: string): Promise<Caller> {
    const { principal, by: kind, id } = signIn;
    const { credential } = principal;
    const { guard } = this.#options;
    // Without enforcement each caller that gets in is the administrator.
    if (credential === undefined || guard === undefined || kind === "link")
      return { principal: localAdministrator, by: "cookie", signIn };
    try {
      guard.resumeSignIn({ principal: { ...principal, credential }, kind }, from);
    } catch (error) {
      // The credential of the sign-in stays invalid. Other errors, such as a missing policy bundle, are temporary.
      if (isTuttiError(error) && error.status === "UNAUTHENTICATED")
        await this.endSignIns((candidate) => candidate.id === id, { by: principal, reason: error.message });
      throw error;
    }
    return { principal, by: "cookie", signIn };
  }

  #cookie({ host = "" }: IncomingHttpHeaders): CookieOptions {
    return { name: cookieName(host), isSecure: this.#options.secureCookie };
  }

  /** Uses a link, or checks the key. Returns whether the token was the key. */
  async #redeem(token: string, from: string): Promise<boolean> {
    try {
      this.#links.redeem(token);
      return false;
    } catch (error) {
      // Opening a link twice or too late is not an attempt to guess one.
      if (!gatewayErrors.linkUnknown.is(error)) throw error;
      if (await this.#isKey(token, from, "sign-in")) return true;
      throw this.#guesses.recordFailure(from, "sign-in", error);
    }
  }

  async #checkKey(request: CallerRequest, credential: string): Promise<void> {
    const from = clientAddressOf(request);
    if (await this.#isKey(credential, from, "gateway.key")) return;
    throw this.#guesses.recordFailure(from, "gateway.key", gatewayErrors.keyWrong());
  }

  async #isKey(credential: string, from: string, account: string): Promise<boolean> {
    // Read each time, so that a changed key takes effect at once.
    const key = await this.#options.key?.reveal();
    if (key === undefined) return false;
    if (key.length < unguessableLength) this.#guesses.pace(from, account);
    return isSame(credential, key);
  }

  #signInHint(headers: IncomingHttpHeaders): string {
    if (!isOfBrowser(headers))
      return "Send `Authorization: Bearer` with your key or token, or with the key of this installation (`gateway.key`).";
    return this.isLoopback
      ? "Open the link that the terminal shows, or get a new one with `tutti sign-in`."
      : "Sign in with your key or token, or with the key of this installation (`gateway.key`).";
  }
}

/** A key of this length passes during a lock-out at once. A shorter one is checked once a second. */
const unguessableLength = 32;

/** Keys of the installation have a prefix, tokens have three parts. The gateway's own key has neither. */
function isKeyOrToken(credential: string): boolean {
  return credential.startsWith("tutti_live_") || /^[\w-]+\.[\w-]+\.[\w-]*$/.test(credential);
}

/** Counts failed attempts with keys and links by address and account, if no guard counts them. */
class Tries {
  readonly #clock: Clock;
  readonly #lockouts = new Lockouts({ freeFailures: 20 });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws if an attempt on a key that a person chose has to wait. */
  pace(from: string, account: string): void {
    const retryAfterMs = this.#lockouts.pace(`${from}/${account}`, this.#clock.now());
    if (retryAfterMs > 0) throw gatewayErrors.tooManyTries(undefined, { retryAfterMs });
  }

  /** Returns the error of the response. During a lock-out this is the lock-out. */
  recordFailure(from: string, account: string, error: TuttiError): TuttiError {
    const nowMs = this.#clock.now();
    const subjects = [`${from}/${account}`];
    const untilMs = this.#lockouts.lockedUntil(subjects, nowMs);
    this.#lockouts.failed(subjects, nowMs);
    return untilMs === undefined
      ? error
      : gatewayErrors.tooManyTries(undefined, { retryAfterMs: untilMs - nowMs });
  }
}
