import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { authorizationUrl, codeExchange } from "./code-flow.ts";
import { discoveryAddress, readDiscovery } from "./discovery.ts";
import { IssuerKeys } from "./issuer-keys.ts";
import { type SignInRules, TokenChecker } from "./token-checker.ts";

const nowMs = 1_767_225_600_000;
const minuteMs = 60_000;
const issuer = "https://id.example";
const rules: SignInRules = { issuer, clientId: "tutti-page", nonce: "n-1" };
const { privateKey, publicKey } = await generateKeyPair("ES256");
const jwk = { ...(await exportJWK(publicKey)), kid: "k-1" };

function checkerWith(algorithms?: readonly string[]): TokenChecker {
  const keys = new IssuerKeys({ fetchKeys: async () => ({ keys: [jwk] }), nowMs: () => nowMs });
  const trusted = { issuer, audiences: ["tutti-shop"], idPrefix: "id.example|", findKey: keys.find };
  return new TokenChecker({
    issuer: "tutti",
    others: [{ ...trusted, ...(algorithms !== undefined && { algorithms }) }],
  });
}

type Claims = { readonly [Name in keyof JWTPayload]?: JWTPayload[Name] | undefined };

function idToken(claims: Claims = {}, key = privateKey): Promise<string> {
  const seconds = nowMs / 1_000;
  const defaults = {
    iss: issuer,
    aud: "tutti-page",
    sub: "ada",
    nonce: "n-1",
    iat: seconds,
    exp: seconds + 300,
  };
  return new SignJWT({ ...defaults, groups: ["night"], ...claims } as JWTPayload)
    .setProtectedHeader({ alg: "ES256", kid: "k-1" })
    .sign(key);
}

async function outcomeOf(token: string, atMs = nowMs, checker = checkerWith()): Promise<string> {
  const checked = await checker.checkIdToken(token, rules, atMs);
  return checked.kind === "refused" ? checked.fault : checked.identity.actor.id;
}

describe("an ID token", () => {
  it("identifies the user, with the issuer's prefix and groups", async () => {
    const checked = await checkerWith().checkIdToken(await idToken(), rules, nowMs);
    assert.ok(checked.kind === "known");
    assert.deepEqual([checked.identity.actor.id, checked.identity.groups], ["id.example|ada", ["night"]]);
  });

  it("is for this installation, this sign-in, and this moment alone", async () => {
    const seconds = nowMs / 1_000;
    const wrong: Readonly<Record<string, readonly [Claims, string]>> = {
      "of another client": [{ aud: "another" }, "wrong_audience"],
      "of several clients, without saying for which": [{ aud: ["tutti-page", "another"] }, "wrong_audience"],
      "made for another of them": [{ aud: ["tutti-page", "another"], azp: "another" }, "wrong_audience"],
      "of another sign-in": [{ nonce: "n-2" }, "wrong_nonce"],
      "of no sign-in": [{ nonce: undefined }, "wrong_nonce"],
      "of another issuer": [{ iss: "https://evil.example" }, "unknown_issuer"],
      "that has ended": [{ exp: seconds - 31 }, "ended"],
      "that is an hour old": [{ iat: seconds - 3_600 }, "ended"],
      "from a clock that runs ahead": [{ iat: seconds + 31 }, "not_yet"],
      "that does not say when it was made": [{ iat: undefined }, "damaged"],
      "that does not end": [{ exp: undefined }, "damaged"],
      "of nobody": [{ sub: "" }, "damaged"],
    };
    for (const [title, [claims, fault]] of Object.entries(wrong))
      assert.equal(await outcomeOf(await idToken(claims)), fault, title);
    assert.equal(
      await outcomeOf(await idToken({ aud: ["tutti-page", "x"], azp: "tutti-page" })),
      "id.example|ada",
    );
    assert.equal(await outcomeOf(await idToken({ exp: seconds - 29, iat: seconds - 60 })), "id.example|ada");
  });

  it("is signed by a key of the issuer, in a way that counts", async () => {
    const { privateKey: strange } = await generateKeyPair("ES256");
    assert.equal(await outcomeOf(await idToken({}, strange)), "wrong_signature");
    assert.equal(await outcomeOf(await idToken(), nowMs, checkerWith(["RS256"])), "wrong_algorithm");
    assert.equal(await outcomeOf("a.b.c"), "damaged");
    assert.equal(await outcomeOf("x".repeat(20_000)), "too_large");
  });

  it("is rejected as a token for calls, and a token for calls is rejected as an ID token", async () => {
    const checked = await checkerWith().check(await idToken(), nowMs);
    assert.deepEqual(checked, { kind: "refused", fault: "wrong_audience" });
    const forCalls = await idToken({ aud: "tutti-shop", nonce: undefined });
    assert.equal((await checkerWith().check(forCalls, nowMs)).kind, "known");
    assert.equal(await outcomeOf(forCalls), "wrong_audience");
  });

  it("is checked against the current time, not the time at which its keys arrived", async () => {
    assert.equal(await outcomeOf(await idToken(), nowMs + 6 * minuteMs), "ended");
  });
});

describe("the document of an issuer", () => {
  const document = {
    issuer,
    authorization_endpoint: "https://id.example/authorize?tenant=1",
    token_endpoint: "https://id.example/token",
    jwks_uri: "https://id.example/keys",
  };

  it("is at the well-known path below the issuer's name", () => {
    const address = "https://id.example/realms/shop/.well-known/openid-configuration";
    for (const name of ["https://id.example/realms/shop", "https://id.example/realms/shop/"])
      assert.equal(discoveryAddress(name), address);
  });

  it("contains the addresses for authorization, tokens and keys", () => {
    assert.deepEqual(readDiscovery(document, issuer), {
      ...{ authorizationAddress: document.authorization_endpoint, tokenAddress: document.token_endpoint },
      ...{ keysAddress: document.jwks_uri, clientShows: "header", namesItself: false },
    });
    const authMethods = { token_endpoint_auth_methods_supported: ["client_secret_post"] };
    assert.equal(readDiscovery({ ...document, ...authMethods }, issuer).clientShows, "body");
  });

  it("is rejected if it is from another issuer, uses plain HTTP, or does not support hashed challenges", () => {
    const wrong = [
      { issuer: "https://evil.example" },
      { token_endpoint: "http://id.example/token" },
      { authorization_endpoint: "javascript:alert(1)" },
      { jwks_uri: "http://127.0.0.1.evil.example/keys" },
      { jwks_uri: undefined },
      { code_challenge_methods_supported: ["plain"] },
    ];
    for (const each of wrong)
      assert.throws(() => readDiscovery({ ...document, ...each }, issuer), RangeError, JSON.stringify(each));
    for (const nothing of [undefined, null, "x", 7])
      assert.throws(() => readDiscovery(nothing, issuer), RangeError);
  });
});

describe("a sign-in by code", () => {
  const client = { clientId: "tutti page", clientSecret: "", redirectAddress: "https://tutti.example/back" };
  const pending = { state: "s", nonce: "n", verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" };
  const at = { authorizationAddress: "https://id.example/authorize?tenant=1" };

  it("sends a challenge with the browser, but not its verifier", () => {
    const url = new URL(authorizationUrl(at, client, pending, ["profile", "openid"]));
    assert.deepEqual(Object.fromEntries(url.searchParams), {
      ...{ tenant: "1", response_type: "code", client_id: "tutti page", scope: "openid profile" },
      ...{ redirect_uri: client.redirectAddress, state: "s", nonce: "n" },
      // The example of RFC 7636, appendix B.
      ...{ code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256" },
    });
    assert.equal(
      createHash("sha256").update(pending.verifier).digest("base64url"),
      url.searchParams.get("code_challenge"),
    );
    assert.ok(!url.href.includes(pending.verifier));
  });

  it("sends the client's secret as the issuer requires, or only the client id without a secret", () => {
    const open = codeExchange({ clientShows: "header" }, client, "c", pending);
    assert.equal(open.headers["authorization"], undefined);
    assert.deepEqual(Object.fromEntries(new URLSearchParams(open.body)), {
      ...{ grant_type: "authorization_code", code: "c", redirect_uri: client.redirectAddress },
      ...{ code_verifier: pending.verifier, client_id: "tutti page" },
    });
    const secret = { ...client, clientSecret: "p:w%" };
    const header = codeExchange({ clientShows: "header" }, secret, "c", pending);
    const credentials = Buffer.from(
      header.headers["authorization"]?.slice("Basic ".length) ?? "",
      "base64",
    ).toString();
    assert.equal(credentials, "tutti+page:p%3Aw%25");
    assert.ok(!header.body.includes("p%3Aw"));
    const body = new URLSearchParams(codeExchange({ clientShows: "body" }, secret, "c", pending).body);
    assert.deepEqual([body.get("client_id"), body.get("client_secret")], ["tutti page", "p:w%"]);
  });
});
