/**
 * Signs in by an external account (OpenID Connect, authorization code with PKCE).
 *
 * 1. The user must return in the browser that left: a cookie, sealed by the gateways, has the state of the sign-in.
 * 2. The gateway exchanges the code, not the browser. A code counts once, with the verifier of its sign-in.
 * 3. The signed ID token of the issuer names the user, for this installation and this sign-in. The rest of the
 *    response is ignored and not stored.
 * 4. Redirects lead only to addresses of this dashboard.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { Guard, ShownBefore } from "@tutti/host";
import type { Clock } from "@tutti/kernel";
import { authorizationUrl, type CodeClient, codeExchange, type PendingSignIn } from "@tutti/policy";
import * as z from "zod";
import { gatewayErrors } from "../../errors.ts";
import { cookieIn, cookieName } from "../cookie.ts";
import { newSecret } from "../secrets.ts";
import { CookieSeal } from "./sealed-cookie.ts";
import type { SignInIssuer } from "./settings.ts";

export interface IssuerSignInsParts {
  readonly clock: Pick<Clock, "now">;
  readonly issuers: Readonly<Record<string, SignInIssuer>>;
  /** The address at which people open the dashboard. If empty, the address of the request. */
  readonly pageUrl: string;
  readonly isSecure: boolean;
  readonly guard: Pick<Guard, "issuerSite" | "signInByIssuer">;
  /** Returns the key that the gateways of an installation seal cookies with. */
  readonly sealKey: () => Promise<Uint8Array>;
}

/** The issuers on the sign-in page. */
export interface SignInMethod {
  readonly issuer: string;
  readonly title: string;
}

const pendingSchema = z.strictObject({
  issuer: z.string(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  to: z.string(),
  endMs: z.number(),
});

const pendingMs = 600_000;
const cookiePath = "/sign-in";
const callbackPath = "/sign-in/back";

export class IssuerSignIns {
  readonly #parts: IssuerSignInsParts;
  readonly #seal: CookieSeal;

  constructor(parts: IssuerSignInsParts) {
    for (const issuer of Object.keys(parts.issuers))
      if (parts.guard.issuerSite(issuer) === undefined) throw gatewayErrors.issuerUntrusted({ issuer });
    this.#parts = parts;
    this.#seal = new CookieSeal(parts.sealKey);
  }

  methods(): readonly SignInMethod[] {
    return Object.entries(this.#parts.issuers).map(([issuer, { title }]) => ({ issuer, title }));
  }

  /** Returns the address of an issuer, and the cookie that identifies the browser when it returns. */
  async start(issuer: string, to: string, headers: IncomingHttpHeaders) {
    const { clock } = this.#parts;
    const { site, settings, client } = await this.#at(issuer, headers);
    const secrets: PendingSignIn = { state: newSecret(), nonce: newSecret(), verifier: newSecret() };
    const pending: z.infer<typeof pendingSchema> = {
      ...secrets,
      issuer,
      to: ownAddress(to),
      endMs: clock.now() + pendingMs,
    };
    const discovered = await fromIssuer(issuer, () => site.discovered());
    const location = authorizationUrl(discovered, client, secrets, settings.scopes);
    return { location, cookie: this.#cookie(headers, await this.#seal.seal(pending), pendingMs) };
  }

  /**
   * Completes the sign-in of a user who returns from an issuer: the identity, its end, and the page that they wanted.
   */
  async finish(
    answer: URLSearchParams,
    headers: IncomingHttpHeaders,
    from: string,
  ): Promise<{ readonly known: ShownBefore; readonly to: string }> {
    const { clock, guard } = this.#parts;
    const sealed = cookieIn(headers.cookie, this.#cookieName(headers));
    const opened = pendingSchema.safeParse(sealed === undefined ? undefined : await this.#seal.open(sealed));
    if (!opened.success || opened.data.endMs <= clock.now() || opened.data.state !== answer.get("state"))
      throw gatewayErrors.signInLost();
    const { issuer, nonce, verifier, to } = opened.data;
    const { site, settings, client } = await this.#at(issuer, headers);
    const error = answer.get("error");
    if (error !== null) throw gatewayErrors.issuerRefused({ issuer, reason: error.slice(0, 200) });
    const { namesItself, ...discovered } = await fromIssuer(issuer, () => site.discovered());
    const named = answer.get("iss");
    if (named === null ? namesItself : named !== issuer) throw gatewayErrors.signInLost();
    const code = answer.get("code") ?? "";
    const tokens = await fromIssuer(issuer, () =>
      site.exchange(codeExchange(discovered, client, code, { verifier })),
    );
    const idToken = idTokenIn(tokens);
    if (idToken === undefined) throw gatewayErrors.issuerRefused({ issuer, reason: "it gave no ID token" });
    const known = await guard.signInByIssuer(idToken, { issuer, clientId: settings.clientId, nonce }, from);
    return { known: { ...known, untilMs: Math.min(known.untilMs, clock.now() + settings.lastsMs) }, to };
  }

  /** Removes the cookie of a started sign-in, with any outcome. */
  dropCookie(headers: IncomingHttpHeaders): string {
    return this.#cookie(headers, "", 0);
  }

  async #at(issuer: string, headers: IncomingHttpHeaders) {
    const { issuers, guard, pageUrl } = this.#parts;
    const settings = issuers[issuer];
    const site = guard.issuerSite(issuer);
    if (settings === undefined || site === undefined) throw gatewayErrors.issuerUnknown();
    const { clientId, clientSecret } = settings;
    const page = pageUrl === "" ? `http://${headers.host ?? ""}` : pageUrl.replace(/\/$/, "");
    const client: CodeClient = {
      clientId,
      clientSecret: (await clientSecret?.reveal()) ?? "",
      redirectAddress: `${page}${callbackPath}`,
    };
    return { site, settings, client };
  }

  #cookieName({ host = "" }: IncomingHttpHeaders): string {
    return `${cookieName(host)}-begun`;
  }

  /** Browsers send it along when another site sends them here, which the cookie of a sign-in they do not. */
  #cookie(headers: IncomingHttpHeaders, value: string, forMs: number): string {
    const secure = this.#parts.isSecure ? "; Secure" : "";
    const rules = `Path=${cookiePath}; Max-Age=${Math.floor(forMs / 1_000)}; HttpOnly; SameSite=Lax`;
    return `${this.#cookieName(headers)}=${value}; ${rules}${secure}`;
  }
}

async function fromIssuer<Answer>(issuer: string, request: () => Promise<Answer>): Promise<Answer> {
  try {
    return await request();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw gatewayErrors.issuerAway({ issuer, reason }, { cause: error });
  }
}

function idTokenIn(tokens: unknown): string | undefined {
  const { id_token: idToken }: { readonly id_token?: unknown } =
    typeof tokens === "object" && tokens !== null ? tokens : {};
  return typeof idToken === "string" ? idToken : undefined;
}

/**
 * Returns an address of this page only. Browsers treat an address that starts with two slashes, or with a slash and a
 * backslash, as another host.
 */
function ownAddress(to: string): string {
  return /^\/(?![/\\])[^\s\\]*$/.test(to) && !to.startsWith("/sign-in") ? to : "/";
}
