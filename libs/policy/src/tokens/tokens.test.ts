import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Scope, TokenUse } from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import fc from "fast-check";
import { exportJWK, generateKeyPair, importJWK, type JWK, type JWTPayload, SignJWT } from "jose";
import { unscoped } from "../scope/scope.ts";
import type { TokenContent } from "./claims.ts";
import { IssuerKeys, type IssuerKeysParts } from "./issuer-keys.ts";
import { newTokenKey, publicTokenKey, TokenIssuer } from "./issuing.ts";
import { TokenChecker, type TrustedIssuer } from "./token-checker.ts";

const nowMs = 1_767_225_600_000;
const minuteMs = 60_000;
const issuer = "tutti-test";
const ownKey = await newTokenKey("own-1");
const issuing = await TokenIssuer.with(issuer, ownKey);
const own = { tokenKeys: [JSON.stringify(publicTokenKey(ownKey))], revokedTokenIds: [] };
const content: TokenContent = {
  ...{ tokenId: "token-1", actor: { kind: ActorKind.ACTOR_KIND_AGENT, id: "press:3" }, namespace: "shop" },
  ...{ groups: [], use: TokenUse.TOKEN_USE_AGENT, createMs: nowMs, expireMs: nowMs + minuteMs },
  scope: Scope.fromPartial({
    actions: ["agent.*"],
    agent: { pools: ["printing"], offers: ["print.*"], maxSlots: 2 },
    resources: { equals: { site: "north" } },
  }),
};

function checkerWith(others: readonly TrustedIssuer[] = [], rules = own): TokenChecker {
  const checker = new TokenChecker({ issuer, others });
  checker.renew(rules);
  return checker;
}

async function outcomeOf(checker: TokenChecker, token: string, atMs = nowMs): Promise<string> {
  const checked = await checker.check(token, atMs);
  return checked.kind === "refused" ? checked.fault : "known";
}

describe("a token of this installation", () => {
  it("returns its issued content, also on the second check", async () => {
    const checker = checkerWith();
    const token = await issuing.issue(content);
    for (let time = 0; time < 2; time++)
      assert.deepEqual(await checker.check(token, nowMs), { kind: "known", identity: content });
  });

  it("is valid from issue to expiry, with a tolerance for clock differences", async () => {
    const token = await issuing.issue(content);
    for (const isWarm of [false, true]) {
      const at = async (atMs: number): Promise<string> => {
        const checker = checkerWith();
        if (isWarm) await checker.check(token, nowMs);
        return outcomeOf(checker, token, atMs);
      };
      assert.equal(await at(nowMs + minuteMs + 29_000), "known");
      assert.equal(await at(nowMs + minuteMs + 31_000), "ended");
    }
    assert.equal(await outcomeOf(checkerWith(), token, nowMs - 29_000), "known");
    assert.equal(await outcomeOf(checkerWith(), token, nowMs - 31_000), "not_yet");
  });

  it("is rejected after revocation, also if it was cached, and a token of a newly added key is accepted", async () => {
    const checker = checkerWith();
    const token = await issuing.issue(content);
    assert.equal(await outcomeOf(checker, token), "known");
    checker.renew({ ...own, revokedTokenIds: ["token-1"] });
    assert.equal(await outcomeOf(checker, token), "revoked");

    const nextKey = await newTokenKey("own-2");
    const next = await (await TokenIssuer.with(issuer, nextKey)).issue(content);
    assert.equal(await outcomeOf(checker, next), "wrong_key");
    checker.renew({ ...own, tokenKeys: [...own.tokenKeys, JSON.stringify(publicTokenKey(nextKey))] });
    assert.equal(await outcomeOf(checker, next), "known");
    assert.equal(await outcomeOf(checker, token), "known");
    checker.renew({ ...own, tokenKeys: [JSON.stringify(publicTokenKey(nextKey))] });
    assert.equal(await outcomeOf(checker, token), "wrong_key");
  });

  it("is rejected with one changed character", async () => {
    const token = await issuing.issue(content);
    const checker = checkerWith();
    await checker.check(token, nowMs);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(token.length - 1),
        fc.constantFrom("A", "z", "7", "-", "."),
        async (place, sign) => {
          fc.pre(token[place] !== sign);
          // The last character of a signature has four unused bits.
          fc.pre(place !== token.length - 1);
          assert.notEqual(
            await outcomeOf(checker, `${token.slice(0, place)}${sign}${token.slice(place + 1)}`),
            "known",
          );
        },
      ),
    );
  });

  it("is refused when it is signed by another process, by another algorithm, or by none", async () => {
    const stranger = await TokenIssuer.with(issuer, { ...(await newTokenKey("own-1")), kid: "own-1" });
    assert.equal(await outcomeOf(checkerWith(), await stranger.issue(content)), "wrong_signature");
    const [, payload = ""] = (await issuing.issue(content)).split(".");
    const header = (parts: object) => Buffer.from(JSON.stringify(parts)).toString("base64url");
    const unsigned = `${header({ alg: "none", typ: "tutti+jwt" })}.${payload}.`;
    assert.equal(await outcomeOf(checkerWith(), unsigned), "wrong_algorithm");
    // The public key as a shared secret, which a check that trusts the header would accept.
    const secret = new TextEncoder().encode(String(publicTokenKey(ownKey).x));
    const shared = await new SignJWT({ use: "agent" })
      .setProtectedHeader({ alg: "HS256", typ: "tutti+jwt", kid: "own-1" })
      .setIssuer(issuer)
      .setAudience("tutti")
      .setExpirationTime((nowMs + minuteMs) / 1_000)
      .sign(secret);
    assert.equal(await outcomeOf(checkerWith(), shared), "wrong_algorithm");
  });

  it("is refused when it is of another type, for another process, or has unknown content", async () => {
    const key = await importJWK(ownKey, "EdDSA");
    const sign = (claims: JWTPayload, { typ = "tutti+jwt", audience = "tutti" } = {}) =>
      new SignJWT({ namespace: "shop", use: "calls", scope: {}, ...claims })
        .setProtectedHeader({ alg: "EdDSA", typ, kid: "own-1" })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject("person:ada")
        .setJti("token-2")
        .setIssuedAt(nowMs / 1_000)
        .setExpirationTime((nowMs + minuteMs) / 1_000)
        .sign(key);
    const found = async (...args: Parameters<typeof sign>) => outcomeOf(checkerWith(), await sign(...args));
    assert.equal(await found({}), "known");
    assert.equal(await found({}, { typ: "JWT" }), "wrong_type");
    assert.equal(await found({}, { audience: "another" }), "wrong_audience");
    const scopes = [{ regions: ["north"] }, { actions: "all" }, { agent: { robots: true } }, "all", null, 7];
    for (const scope of scopes) assert.equal(await found({ scope }), "damaged", JSON.stringify(scope));
    for (const claims of [
      { use: "everything" },
      { use: "unspecified" },
      { namespace: 7 },
      { groups: "admins" },
    ])
      assert.equal(await found(claims), "damaged", JSON.stringify(claims));
  });

  it("is never a fault, for any text", async () => {
    const checker = checkerWith();
    const part = fc.oneof(
      fc.string(),
      fc.json().map((json) => Buffer.from(json).toString("base64url")),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 5 }), async (parts) => {
        assert.equal((await checker.check(parts.join("."), nowMs)).kind, "refused");
      }),
    );
    assert.equal(await outcomeOf(checker, "a".repeat(16_385)), "too_large");
  });
});

describe("a token of another issuer", async () => {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "theirs-1", alg: "RS256" };
  const keysOf = (parts: Partial<IssuerKeysParts> = {}) =>
    new IssuerKeys({ fetchKeys: () => Promise.resolve({ keys: [jwk] }), nowMs: () => nowMs, ...parts });
  const trust = (parts: Partial<TrustedIssuer> = {}): TrustedIssuer => ({
    ...{ issuer: "https://login.example", audiences: ["tutti.example"], findKey: keysOf().find },
    ...parts,
  });
  const sign = (claims: JWTPayload = {}, header: { alg?: string; kid?: string } = {}) =>
    new SignJWT({ groups: ["printers"], ...claims })
      .setProtectedHeader({ alg: "RS256", kid: "theirs-1", ...header })
      .setIssuer("https://login.example")
      .setAudience(["somebody", "tutti.example"])
      .setSubject("ada")
      .setExpirationTime((nowMs + minuteMs) / 1_000)
      .sign(privateKey);

  it("is a person with the groups that the issuer vouches for", async () => {
    const scope = Scope.fromPartial({ namespaces: ["shop"] });
    const checked = await checkerWith([trust({ idPrefix: "example:", scope })]).check(await sign(), nowMs);
    assert.deepEqual(checked, {
      kind: "known",
      identity: {
        ...{ tokenId: "", actor: { kind: ActorKind.ACTOR_KIND_PERSON, id: "example:ada" }, namespace: "" },
        ...{ groups: ["printers"], use: TokenUse.TOKEN_USE_CALLS, scope, expireMs: nowMs + minuteMs },
      },
    });
  });

  it("is refused from an unknown issuer, for another process, by an algorithm that is not allowed, or without a subject", async () => {
    assert.equal(await outcomeOf(checkerWith(), await sign()), "unknown_issuer");
    assert.equal(
      await outcomeOf(checkerWith([trust({ audiences: ["another"] })]), await sign()),
      "wrong_audience",
    );
    assert.equal(
      await outcomeOf(checkerWith([trust({ algorithms: ["ES256"] })]), await sign()),
      "wrong_algorithm",
    );
    assert.equal(await outcomeOf(checkerWith([trust({ idClaim: "email" })]), await sign()), "damaged");
    assert.equal(await outcomeOf(checkerWith([trust()]), await sign({ groups: "admins" })), "damaged");
    assert.equal(
      await outcomeOf(checkerWith([trust()]), await sign({ nbf: (nowMs + minuteMs) / 1_000 })),
      "not_yet",
    );
  });

  it("never speaks for this installation", async () => {
    const forged = await new SignJWT({ namespace: "shop", use: "calls", scope: {} })
      .setProtectedHeader({ alg: "RS256", kid: "theirs-1", typ: "tutti+jwt" })
      .setIssuer(issuer)
      .setAudience("tutti")
      .setSubject("person:local-admin")
      .setJti("token-3")
      .setExpirationTime((nowMs + minuteMs) / 1_000)
      .sign(privateKey);
    assert.equal(await outcomeOf(checkerWith([trust()]), forged), "wrong_algorithm");
  });

  it("cannot be trusted without an audience, with shared secrets, or under the name of this installation", () => {
    for (const parts of [{ audiences: [] }, { algorithms: ["HS256"] }, { algorithms: ["none"] }, { issuer }])
      assert.throws(() => new TokenChecker({ issuer, others: [trust(parts)] }), RangeError);
    assert.doesNotThrow(() => new TokenChecker({ issuer, others: [trust({ scope: unscoped })] }));
  });

  it("is verified with a rotated key, which is fetched once and not repeatedly", async () => {
    let atMs = nowMs;
    let calls = 0;
    let keys: JWK[] = [{ ...jwk, kid: "theirs-0" }];
    const fetchKeys = () => {
      calls++;
      return Promise.resolve({ keys });
    };
    const checker = checkerWith([trust({ findKey: keysOf({ fetchKeys, nowMs: () => atMs }).find })]);
    const token = await sign();
    const unknown = () => Promise.all([outcomeOf(checker, token), outcomeOf(checker, token)]);
    assert.deepEqual(await unknown(), ["wrong_key", "wrong_key"]);
    assert.equal(calls, 1);
    keys = [...keys, jwk];
    atMs += 29_000;
    assert.deepEqual(await unknown(), ["wrong_key", "wrong_key"]);
    atMs += 1_000;
    assert.deepEqual(await unknown(), ["known", "known"]);
    assert.equal(calls, 2);
  });

  it("is verified with cached keys while the issuer is unreachable, for a limited time", async () => {
    let atMs = nowMs;
    let isUp = false;
    const fetchKeys = () =>
      isUp ? Promise.resolve({ keys: [jwk] }) : Promise.reject(new TypeError("fetch failed"));
    const findKey = keysOf({ fetchKeys, nowMs: () => atMs }).find;
    // Each time a checker without remembered results.
    const now = async () => outcomeOf(checkerWith([trust({ findKey })]), await sign());
    assert.equal(await now(), "unavailable");
    isUp = true;
    assert.equal(await now(), "unavailable");
    atMs += 30_000;
    assert.equal(await now(), "known");
    isUp = false;
    atMs += 23 * 60 * minuteMs;
    assert.equal(await now(), "known");
    atMs += 60 * minuteMs;
    assert.equal(await now(), "unavailable");
    isUp = true;
    atMs += 30_000;
    assert.equal(await now(), "known");
  });
});
