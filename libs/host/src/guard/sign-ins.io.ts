import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { BundleContent, KeyVerifier, TokenUse } from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import { recordingLogger, VirtualTime } from "@tutti/kernel/testing";
import { hashKey, newApiKey, newTokenKey, publicTokenKey, TokenIssuer, unscoped } from "@tutti/policy";
import { TestIssuer } from "../testing/issuer.ts";
import { Credentials } from "./credentials.ts";
import { issuersIn } from "./issuers.ts";
import { accessSection } from "./settings.ts";

const ada = { kind: ActorKind.ACTOR_KIND_PERSON, id: "ada" };
const minuteMs = 60_000;
const chance = { fill: (bytes: Uint8Array) => crypto.getRandomValues(bytes) };
const from = "10.0.0.1";

describe("a signed-in person", () => {
  const time = new VirtualTime();
  const { key, keyId, secret } = newApiKey(chance);
  let hash: string;
  before(async () => {
    hash = await hashKey(secret, chance);
  });

  function credentials(content: Partial<BundleContent>): Credentials {
    const checker = new Credentials(accessSection.schema.parse({}), new Uint8Array(32));
    checker.renew({ ...BundleContent.create(), ...content });
    return checker;
  }
  const verifier = (expireMs?: number) =>
    KeyVerifier.fromPartial({
      ...{ keyId, namespace: "shop", actor: ada, hash },
      ...(expireMs !== undefined && { expireTime: toTimestamp(expireMs) }),
    });
  const ended = { code: "access.credential_refused", message: /the key has expired/ };

  it("by a key continues without it as long as the key is valid, also at another process", async () => {
    const endMs = time.now() + 10 * minuteMs;
    const first = credentials({ keys: [verifier(endMs)] });
    const known = await first.signInBy(key, from, time.now());
    assert.deepEqual([known.kind, known.untilMs, known.principal.id], ["key", endMs, "ada"]);

    const second = credentials({ keys: [verifier(endMs)] });
    second.requireValid(known, time.now());
    assert.throws(() => second.requireValid(known, endMs), ended);
    // A rotation shortens the life of the earlier key.
    second.renew({ ...BundleContent.create(), keys: [verifier(time.now() + minuteMs)] });
    second.requireValid(known, time.now());
    assert.throws(() => second.requireValid(known, time.now() + minuteMs), ended);
    // It was revoked before this process started.
    assert.throws(() => credentials({}).requireValid(known, time.now()), ended);
  });

  it("by a token continues until that ends or is revoked, and not by a token of another purpose", async () => {
    const tokenKey = await newTokenKey("own");
    const issuer = await TokenIssuer.with("tutti", tokenKey);
    const tokenKeys = [JSON.stringify(publicTokenKey(tokenKey))];
    const checker = credentials({ tokenKeys });
    const expireMs = time.now() + minuteMs;
    const token = (use: TokenUse) =>
      issuer.issue({
        ...{ tokenId: "token-1", actor: ada, namespace: "shop", groups: [], use, scope: unscoped },
        ...{ createMs: time.now(), expireMs },
      });
    for (const use of [TokenUse.TOKEN_USE_CALLS, TokenUse.TOKEN_USE_BROWSER]) {
      const known = await checker.signInBy(await token(use), from, time.now());
      assert.deepEqual([known.kind, known.untilMs], ["token", expireMs]);
      checker.requireValid(known, time.now());
    }
    const known = await checker.signInBy(await token(TokenUse.TOKEN_USE_CALLS), from, time.now());
    const forBrowsers = await token(TokenUse.TOKEN_USE_BROWSER);
    await assert.rejects(checker.principalOf(forBrowsers, from, time.now()), /it is not for calls/);
    const forAgents = await token(TokenUse.TOKEN_USE_AGENT);
    await assert.rejects(checker.signInBy(forAgents, from, time.now()), /it is not to sign in by/);
    checker.renew({ ...BundleContent.create(), tokenKeys, revokedTokenIds: ["token-1"] });
    assert.throws(() => checker.requireValid(known, time.now()), /the token was revoked/);
  });
});

describe("a sign-in at another issuer", () => {
  // Its tokens have real times.
  const time = new VirtualTime(Date.now());
  let issuer: TestIssuer;
  let credentials: Credentials;
  const rules = () => ({ issuer: issuer.url, clientId: "tutti-page", nonce: "n" });
  const signIn = () => credentials.signInByIssuer(issuer.idToken("tutti-page", "n"), rules(), time.now());

  before(async () => {
    issuer = await TestIssuer.open(() => []);
    const settings = accessSection.schema.parse({
      issuers: { [issuer.url]: { audiences: ["tutti-shop"], idPrefix: "id|" } },
      skewMs: 300_000,
    });
    credentials = new Credentials(settings, new Uint8Array(32), issuersIn(settings, time, recordingLogger()));
    credentials.renew(BundleContent.create());
  });
  after(() => issuer?.[Symbol.asyncDispose]());

  it("is accepted by the keys that the issuer publishes, and after a rotation by the new keys", async () => {
    assert.equal((await signIn()).principal.id, "id|ada");
    issuer.rotate();
    await assert.rejects(signIn(), /a key that is not its issuer's/);
    // A client with invented keys cannot make this process send many requests.
    assert.equal(issuer.keyRequests, 1);
    time.advance(30_000);
    assert.equal((await signIn()).principal.id, "id|ada");
    assert.equal(issuer.keyRequests, 2);
  });

  it("is rejected if its signature algorithm is not allowed", async () => {
    const settings = accessSection.schema.parse({
      issuers: { [issuer.url]: { audiences: ["a"], idPrefix: "id|", algorithms: ["RS256"] } },
    });
    const strict = new Credentials(
      settings,
      new Uint8Array(32),
      issuersIn(settings, time, recordingLogger()),
    );
    const signIn = strict.signInByIssuer(issuer.idToken("tutti-page", "n"), rules(), time.now());
    await assert.rejects(signIn, /the signature algorithm of the token is not accepted/);
    const shared = { [issuer.url]: { audiences: ["a"], idPrefix: "id|", algorithms: ["HS256"] } };
    assert.equal(accessSection.schema.safeParse({ issuers: shared }).success, false);
  });
});
