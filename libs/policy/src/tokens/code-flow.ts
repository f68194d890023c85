/**
 * The authorization code flow with PKCE (RFC 6749, RFC 7636, OpenID Connect Core 3.1), without network calls:
 * the address to which a browser is sent, and the request that exchanges a code.
 */
import { createHash } from "node:crypto";
import type { DiscoveredIssuer } from "./discovery.ts";

/** The registration of an installation at an issuer. */
export interface CodeClient {
  readonly clientId: string;
  /** Empty for a client without one, which only PKCE protects. */
  readonly clientSecret: string;
  readonly redirectAddress: string;
}

/** The secrets of one sign-in, made for each. */
export interface PendingSignIn {
  /** Returned with the answer, so that a browser cannot be sent on with another user's sign-in. */
  readonly state: string;
  readonly nonce: string;
  /** Sent at the exchange of the code: the code alone is worthless. */
  readonly verifier: string;
}

export function authorizationUrl(
  { authorizationAddress }: Pick<DiscoveredIssuer, "authorizationAddress">,
  { clientId, redirectAddress }: CodeClient,
  { state, nonce, verifier }: PendingSignIn,
  scopes: readonly string[],
): string {
  const url = new URL(authorizationAddress);
  const parameters = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectAddress,
    scope: [...new Set(["openid", ...scopes])].join(" "),
    state,
    nonce,
    code_challenge: challengeOf(verifier),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

export interface CodeExchange {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function codeExchange(
  { clientShows }: Pick<DiscoveredIssuer, "clientShows">,
  { clientId, clientSecret, redirectAddress }: CodeClient,
  code: string,
  { verifier }: Pick<PendingSignIn, "verifier">,
): CodeExchange {
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    redirect_uri: redirectAddress,
    code_verifier: verifier,
  });
  const headers: Record<string, string> = {
    accept: "application/json",
    "content-type": "application/x-www-form-urlencoded",
  };
  if (clientSecret !== "" && clientShows === "header") {
    const credentials = [clientId, clientSecret].map(formEncoded).join(":");
    headers["authorization"] = `Basic ${Buffer.from(credentials).toString("base64")}`;
  } else {
    body.set("client_id", clientId);
    if (clientSecret !== "") body.set("client_secret", clientSecret);
  }
  return { headers, body: body.toString() };
}

function challengeOf(verifier: string): string {
  return createHash("sha256").update(verifier).digest("base64url");
}

/** Returns the form encoding, which RFC 6749 requires for both parts of the header. */
function formEncoded(text: string): string {
  return new URLSearchParams({ text }).toString().slice("text=".length);
}
