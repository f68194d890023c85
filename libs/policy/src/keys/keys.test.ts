import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KeyVerifier } from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import { seededChance } from "@tutti/kernel/testing";
import fc from "fast-check";
import { unscoped } from "../scope/scope.ts";
import { newApiKey, prefixOf, printApiKey, readApiKey, withoutKeys } from "./api-key.ts";
import { KeyChecker } from "./key-checker.ts";
import { hashKey, isHashed, keyHashCost } from "./key-hash.ts";

const cheap = { ln: 4, r: 1, p: 1 };
const nowMs = 1_767_225_600_000;

describe("a key", () => {
  it("is read as it was created, and is invalid with any changed character", () => {
    const { key, keyId, secret } = newApiKey(seededChance(1));
    assert.match(key, /^tutti_live_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$/);
    assert.deepEqual(readApiKey(key), { kind: "key", keyId, secret });
    fc.assert(
      fc.property(fc.nat(key.length - 1), fc.constantFrom(..."09AZaz_"), (at, sign) => {
        const other = key.slice(0, at) + sign + key.slice(at + 1);
        if (other !== key) assert.notEqual(readApiKey(other).kind, "key");
      }),
    );
    assert.equal(readApiKey(key.slice(0, -1)).kind, "damaged");
    assert.equal(readApiKey(`${key} `).kind, "damaged");
    assert.equal(readApiKey("eyJhbGciOi").kind, "other");
  });

  it("contains every character about equally often, and is unique", () => {
    const chance = seededChance(2);
    const keys = Array.from({ length: 500 }, () => newApiKey(chance));
    assert.equal(new Set(keys.map(({ key }) => key)).size, 500);
    const counts = new Map<string, number>();
    for (const { secret } of keys) for (const sign of secret) counts.set(sign, (counts.get(sign) ?? 0) + 1);
    const mean = (500 * 32) / 62;
    assert.equal(counts.size, 62);
    for (const [sign, count] of counts) assert.ok(Math.abs(count - mean) < mean * 0.35, `${sign}: ${count}`);
  });

  it("is not in a text any more that was cleaned of keys", () => {
    const { key, keyId, secret } = newApiKey(seededChance(3));
    const cleaned = withoutKeys(`Authorization: Bearer ${key}; tried ${key.slice(0, 30)}`);
    assert.ok(!cleaned.includes(secret.slice(0, 4)) && !cleaned.includes(keyId));
    assert.equal(cleaned, `Authorization: Bearer ${prefixOf(keyId)}; tried ${prefixOf(keyId)}`);
  });
});

describe("the hash of a key", () => {
  it("matches only its secret, and differs each time", async () => {
    const chance = seededChance(4);
    const [one, other] = [await hashKey("secret", chance, cheap), await hashKey("secret", chance, cheap)];
    assert.notEqual(one, other);
    assert.ok(await isHashed("secret", one));
    assert.ok(!(await isHashed("Secret", one)));
  });

  it("takes 32 MiB of memory", () => {
    assert.equal(128 * keyHashCost.r * 2 ** keyHashCost.ln, 32 * 1024 * 1024);
  });

  it("is rejected if it is malformed or too expensive", async () => {
    const good = await hashKey("secret", seededChance(5), cheap);
    for (const hash of [
      "",
      "secret",
      good.replace("scrypt", "bcrypt"),
      good.replace("ln=4", "ln=24"),
      good.replace("ln=4", "ln=0"),
      good.replace("r=1", "r=999"),
      good.slice(0, -1),
    ])
      assert.equal(await isHashed("secret", hash), false, hash);
  });
});

describe("a checker of keys", () => {
  const create = async (parts: Partial<KeyVerifier> = {}) => {
    const chance = seededChance(6);
    const { key, keyId, secret } = newApiKey(chance);
    const verifier: KeyVerifier = {
      ...{ keyId, namespace: "shop", actor: { kind: ActorKind.ACTOR_KIND_SERVICE, id: "till" } },
      ...{ hash: await hashKey(secret, chance, cheap), scope: undefined, expireTime: undefined },
      ...parts,
    };
    return { key, keyId, verifier, checker: new KeyChecker([verifier], new Uint8Array(32).fill(7)) };
  };

  it("returns the verifier of a key, also on the second check", async () => {
    const { key, verifier, checker } = await create();
    for (let time = 0; time < 2; time++)
      assert.deepEqual(await checker.check(key, nowMs), { kind: "known", verifier });
  });

  it("rejects a wrong, damaged or expired key, also if it was valid before", async () => {
    const { key, keyId, checker } = await create({ expireTime: toTimestamp(nowMs + 1_000) });
    assert.equal((await checker.check(key, nowMs)).kind, "known");
    assert.deepEqual(await checker.check(key, nowMs + 1_000), { kind: "refused", fault: "ended" });
    const other = printApiKey({ keyId, secret: "0".repeat(32) });
    assert.deepEqual(await checker.check(other, nowMs), { kind: "refused", fault: "wrong" });
    const unknown = printApiKey({ keyId: "0".repeat(12), secret: "0".repeat(32) });
    assert.deepEqual(await checker.check(unknown, nowMs), { kind: "refused", fault: "wrong" });
    assert.deepEqual(await checker.check(`${key}x`, nowMs), { kind: "refused", fault: "damaged" });
    assert.deepEqual(await checker.check("Bearer", nowMs), { kind: "other" });
  });

  it("keeps its results with the next bundle, except for revoked keys and keys with another secret", async () => {
    const { key, verifier, checker } = await create();
    await checker.check(key, nowMs);
    const scoped = { ...verifier, scope: unscoped };
    checker.renew([scoped]);
    assert.deepEqual(await checker.check(key, nowMs), { kind: "known", verifier: scoped });
    checker.renew([{ ...verifier, hash: await hashKey("another", seededChance(7), cheap) }]);
    assert.deepEqual(await checker.check(key, nowMs), { kind: "refused", fault: "wrong" });
    checker.renew([verifier]);
    assert.equal((await checker.check(key, nowMs)).kind, "known");
    checker.renew([]);
    assert.deepEqual(await checker.check(key, nowMs), { kind: "refused", fault: "wrong" });
  });

  it("does not compute more hashes than it can wait for, and continues after a flood", async () => {
    const { key, keyId, checker } = await create();
    const wrong = Array.from({ length: 100 }, (_, index) =>
      printApiKey({ keyId, secret: String(index).padStart(32, "0") }),
    );
    const answers = await Promise.all(wrong.map((key, at) => checker.check(key, nowMs, `10.0.0.${at % 10}`)));
    const busy = answers.filter((answer) => answer.kind === "refused" && answer.fault === "busy");
    assert.equal(busy.length, 32);
    assert.equal((await checker.check(key, nowMs)).kind, "known");

    const sameAddress = wrong.slice(0, 20).map((key) => checker.check(key, nowMs, "10.0.0.9"));
    const ofAnother = checker.check(wrong[50] ?? "", nowMs, "10.0.0.8");
    const refused = (await Promise.all(sameAddress)).map(
      (answer) => answer.kind === "refused" && answer.fault,
    );
    assert.deepEqual(refused, [...Array(16).fill("wrong"), ...Array(4).fill("busy")]);
    assert.deepEqual(await ofAnother, { kind: "refused", fault: "wrong" });
  });
});
