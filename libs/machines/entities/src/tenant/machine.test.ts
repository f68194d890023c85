import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  AdmissionRule,
  AdmissionSubject,
  ApiKey,
  IssuedToken,
  KeepMode,
  Lockout,
  Policy,
  Principal,
  Role,
} from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { isRefusal, toTimestamp } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { tenantKey } from "../testing/tenant.ts";
import {
  applyPolicies,
  bundlePart,
  contents,
  endOfKey,
  keepKey,
  keepToken,
  liftLockout,
  noteLockouts,
  noteUses,
  policiesAt,
  principal,
  removeNamespace,
  revokeKey,
  revokeTokens,
  role,
  rollBackPolicies,
  rule,
  tenant,
} from "./index.ts";
import { pastRulesWeightMax, versionsWeightMax } from "./limits.ts";

const key = tenantKey("shop");
const ada = { kind: ActorKind.ACTOR_KIND_PERSON, id: "ada" };
const bob = { kind: ActorKind.ACTOR_KIND_PERSON, id: "bob" };
const { KEEP_MODE_UNSPECIFIED: either, KEEP_MODE_NEW: onlyNew, KEEP_MODE_PRESENT: onlyPresent } = KeepMode;
const hourMs = 3_600_000;

const newDriver = () => new MachineDriver({ machines: [tenant], service: "governance" });

function contentsOf(driver: MachineDriver) {
  const found = driver.query(key, contents, undefined);
  assert.ok(!isRefusal(found));
  return found;
}

function refused(answer: unknown): string {
  assert.ok(isRefusal(answer), JSON.stringify(answer));
  return answer.message;
}

describe("rules as they were", () => {
  const capped = (most: string) =>
    AdmissionRule.fromPartial({
      ruleId: "capped",
      subject: AdmissionSubject.ADMISSION_SUBJECT_REQUEST,
      condition: `subject.amount < ${most}`,
      verdict: { $case: "deny", value: { message: "too much" } },
    });
  const keep = (driver: MachineDriver, most: string) =>
    driver.execute(key, rule.keep, { rule: capped(most), revision: 0, mode: either });

  it("are recorded with their end when they are replaced or removed", () => {
    const driver = newDriver();
    for (const most of ["9", "9", "8"]) keep(driver, most);
    driver.execute(key, rule.remove, { ruleId: "capped" });
    driver.execute(key, rule.remove, { ruleId: "capped" });
    keep(driver, "7");
    assert.deepEqual(
      contentsOf(driver).pastRules.map(({ kept: was, removed }) => [
        was?.rule?.condition,
        was?.by?.revision,
        removed,
      ]),
      [
        ["subject.amount < 9", 1, false],
        ["subject.amount < 8", 2, true],
      ],
    );
    assert.equal(contentsOf(driver).rules.get("capped")?.revision, 4);
  });

  it("are removed, oldest end first, when they exceed the size limit", () => {
    const driver = newDriver();
    const long = "1".repeat(pastRulesWeightMax / 4);
    for (let number = 0; number < 7; number++) keep(driver, `${number}${long}`);
    assert.deepEqual(
      contentsOf(driver).pastRules.map(({ kept: was }) => was?.by?.revision),
      [4, 5, 6],
    );
    driver.execute(key, removeNamespace, {});
    assert.deepEqual(contentsOf(driver).pastRules, []);
  });
});

describe("an item of a tenant", () => {
  const printer = (...actions: string[]) => Role.fromPartial({ role: "printer", actions });

  it("is created once, updated only with its current revision, and removed once", () => {
    const driver = newDriver();
    const keep = (input: Role, mode: KeepMode, revision = 0) =>
      driver.execute(key, role.keep, { role: input, mode, revision });
    assert.equal(
      refused(keep(printer("a"), onlyPresent)),
      "Role `printer` not found. Create it first, or correct the name.",
    );
    assert.deepEqual(keep(printer("a"), onlyNew), { revision: 1, existed: false, removed: 0 });
    assert.deepEqual(keep({ ...printer("a"), revision: "9", readyMade: true }, onlyNew), {
      ...{ revision: 1, existed: true, removed: 0 },
    });
    assert.match(refused(keep(printer("b"), onlyNew)), /Role `printer` already exists/);
    assert.deepEqual(keep(printer("b"), onlyPresent, 1), { revision: 2, existed: true, removed: 0 });
    assert.match(
      refused(keep(printer("c"), either, 1)),
      /is at revision 2, not 1\. Read the current revision/,
    );
    assert.deepEqual(keep(printer("b"), either, 1), { revision: 2, existed: true, removed: 0 });
    assert.deepEqual(driver.execute(key, role.remove, { role: "printer" }), {
      ...{ revision: 3, existed: false, removed: 1 },
    });
    assert.deepEqual(driver.execute(key, role.remove, { role: "printer" }), {
      ...{ revision: 3, existed: false, removed: 0 },
    });
  });

  it("records the times and causes of its creation and last update", () => {
    const driver = newDriver();
    driver.execute(key, role.keep, { role: printer("a"), mode: either, revision: 0 });
    const { createMs } = contentsOf(driver).roles.get("printer") ?? assert.fail("it is there");
    driver.advance(1_000);
    driver.execute(key, role.keep, { role: printer("b"), mode: either, revision: 0 });
    const found = contentsOf(driver).roles.get("printer");
    assert.deepEqual([found?.createMs, found?.updateMs], [createMs, createMs + 1_000]);
    assert.ok(found?.createCause !== undefined && found.cause !== undefined);
  });

  it("is removed with the namespace, and later items have other revisions", () => {
    const driver = newDriver();
    driver.execute(key, role.keep, { role: printer("a"), mode: either, revision: 0 });
    driver.execute(key, removeNamespace, {});
    assert.equal(contentsOf(driver).roles.size, 0);
    assert.deepEqual(driver.execute(key, role.keep, { role: printer("a"), mode: onlyNew, revision: 0 }), {
      ...{ revision: 3, existed: false, removed: 0 },
    });
  });
});

describe("policies of a tenant", () => {
  const policy = (policyId: string, text: string) => Policy.fromPartial({ policyId, text });
  const apply = (driver: MachineDriver, set: Policy[], removedPolicyIds: string[] = [], version = 0) =>
    driver.execute(key, applyPolicies, { set, removedPolicyIds, version });
  const textsAt = (driver: MachineDriver, version: number) =>
    [...(policiesAt(contentsOf(driver), version) ?? [])].map(([id, { text }]) => `${id}=${text}`).sort();

  it("change together, in versions that a rollback can restore", () => {
    const driver = newDriver();
    assert.deepEqual(apply(driver, [policy("a", "1"), policy("b", "1")]), { version: 1, unchanged: false });
    assert.deepEqual(apply(driver, [policy("a", "1")]), { version: 1, unchanged: true });
    apply(driver, [policy("a", "2"), policy("c", "2")], ["b", "nobody"], 1);
    assert.deepEqual(textsAt(driver, 1), ["a=1", "b=1"]);
    assert.deepEqual(textsAt(driver, 2), ["a=2", "c=2"]);
    assert.match(refused(apply(driver, [policy("a", "3")], [], 1)), /is at revision 2, not 1/);
    assert.deepEqual(driver.execute(key, rollBackPolicies, { version: 1 }), { version: 3, unchanged: false });
    assert.deepEqual(textsAt(driver, 3), ["a=1", "b=1"]);
    assert.deepEqual(driver.execute(key, rollBackPolicies, { version: 3 }), { version: 3, unchanged: true });
    driver.execute(key, rollBackPolicies, { version: 0 });
    assert.equal(contentsOf(driver).policies.size, 0);
    assert.equal(
      refused(driver.execute(key, rollBackPolicies, { version: 9 })),
      "Version 9 not found: versions 0 to 4 are kept. Choose a version that is kept.",
    );
  });

  it("are distinct: a policy that is set twice, or set and removed, is rejected", () => {
    const driver = newDriver();
    assert.match(refused(apply(driver, [policy("a", "1"), policy("a", "2")])), /expected each policy once/);
    assert.match(refused(apply(driver, [policy("a", "1")], ["a"])), /expected each policy once/);
    assert.equal(contentsOf(driver).versions.length, 0);
  });

  it("of old versions cannot be restored, and the current policies stay unchanged", () => {
    const driver = newDriver();
    const text = "x".repeat(versionsWeightMax / 8);
    for (let count = 1; count <= 20; count++) apply(driver, [policy(`p${count % 3}`, `${text}${count}`)]);
    const { versions } = contentsOf(driver);
    assert.ok(versions.length < 9 && versions.length > 5);
    const first = (versions[0]?.version ?? 0) - 1;
    assert.match(
      refused(driver.execute(key, rollBackPolicies, { version: first - 1 })),
      /Choose a version that is kept/,
    );
    assert.equal(textsAt(driver, first).length, 3);
    assert.deepEqual(
      textsAt(driver, 20).map((each) => each.replace(/x+/, "")),
      ["p0=18", "p1=19", "p2=20"],
    );
  });
});

describe("keys and tokens of a tenant", () => {
  const keepOne = (driver: MachineDriver, keyId: string, replacesKeyId = "", overlapMs = 0, actor = ada) =>
    driver.execute(key, keepKey, {
      key: ApiKey.fromPartial({ keyId, actor, expireTime: toTimestamp(driver.nowMs + 10 * hourMs) }),
      ...{ hash: "$scrypt$", replacesKeyId, overlapUntilMs: driver.nowMs + overlapMs },
    });
  const issue = (
    driver: MachineDriver,
    tokenId: string,
    parts: { parentTokenId?: string; redeems?: string; actor?: typeof ada } = {},
  ) =>
    driver.execute(key, keepToken, {
      token: IssuedToken.fromPartial({
        ...{ tokenId, actor: parts.actor ?? ada, parentTokenId: parts.parentTokenId ?? "" },
        expireTime: toTimestamp(driver.nowMs + hourMs),
      }),
      redeemsTokenId: parts.redeems ?? "",
    });
  const inForce = (driver: MachineDriver) =>
    [...contentsOf(driver).tokens.values()]
      .filter(({ revokeMs }) => revokeMs === 0)
      .map(({ token }) => token.tokenId);

  it("a rotated key stays valid next to its successor for the requested time", () => {
    const driver = newDriver();
    keepOne(driver, "one");
    keepOne(driver, "two", "one", 60_000);
    const found = contentsOf(driver).keys.get("one");
    assert.ok(found !== undefined);
    assert.deepEqual([found.key.successorKeyId, endOfKey(found)], ["two", driver.nowMs + 60_000]);
    driver.advance(60_001);
    assert.match(refused(keepOne(driver, "three", "one")), /has expired or was revoked/);
    assert.match(refused(keepOne(driver, "two")), /Key `two` already exists/);
  });

  it("a revoked key has ended, is listed for a month, and then forgotten", () => {
    const driver = newDriver();
    keepOne(driver, "one");
    assert.deepEqual(driver.execute(key, revokeKey, { keyId: "one" }), {
      revision: 2,
      existed: false,
      removed: 1,
    });
    assert.deepEqual(driver.execute(key, revokeKey, { keyId: "one" }), {
      revision: 2,
      existed: false,
      removed: 0,
    });
    driver.advance(29 * 24 * hourMs);
    assert.equal(contentsOf(driver).keys.get("one")?.key.revoked, true);
    driver.advance(2 * 24 * hourMs);
    assert.equal(contentsOf(driver).keys.size, 0);
  });

  it("a token is exchanged once", () => {
    const driver = newDriver();
    issue(driver, "link");
    issue(driver, "cookie", { redeems: "link" });
    assert.deepEqual(inForce(driver), ["cookie"]);
    assert.match(refused(issue(driver, "other", { redeems: "link" })), /Token `link` has expired/);
  });

  it("a revoked token revokes all tokens derived from it, and stays listed as revoked until it expires", () => {
    const driver = newDriver();
    issue(driver, "a");
    issue(driver, "b", { parentTokenId: "a" });
    issue(driver, "c", { parentTokenId: "b", actor: bob });
    issue(driver, "d");
    assert.deepEqual(driver.execute(key, revokeTokens, { tokenId: "a", actor: undefined }), {
      ...{ revision: 5, existed: false, removed: 3 },
    });
    assert.deepEqual(inForce(driver), ["d"]);
    assert.match(refused(issue(driver, "e", { parentTokenId: "b" })), /has expired or was revoked/);
    driver.advance(hourMs + 1);
    assert.equal(contentsOf(driver).tokens.size, 4);
    driver.advance(3 * hourMs);
    assert.equal(contentsOf(driver).tokens.size, 0);
  });

  it("a removed principal has no keys, and its tokens are known as revoked", () => {
    const driver = newDriver();
    driver.execute(key, principal.keep, {
      principal: Principal.fromPartial({ actor: ada }),
      mode: either,
      revision: 0,
    });
    keepOne(driver, "one");
    keepOne(driver, "two", "", 0, bob);
    issue(driver, "a");
    issue(driver, "b", { actor: bob });
    driver.execute(key, principal.remove, { actor: ada });
    assert.deepEqual([...contentsOf(driver).keys.keys()], ["two"]);
    assert.deepEqual(inForce(driver), ["b"]);
    assert.equal(contentsOf(driver).tokens.size, 2);
  });

  it("a lockout lasts until its end or until a user lifts it, and every process sees it until then", () => {
    const driver = newDriver();
    const lockout = (subject: string, inMs: number) =>
      Lockout.fromPartial({ subject, failures: 6, endTime: toTimestamp(driver.nowMs + inMs) });
    const recordLockouts = (...lockouts: Lockout[]) => driver.execute(key, noteLockouts, { lockouts });
    const lockedOut = () => {
      const part = driver.query(key, bundlePart, { namespace: "system", nowMs: driver.nowMs });
      assert.ok(!isRefusal(part));
      return part.lockouts.map(({ subject }) => subject);
    };
    recordLockouts(lockout("10.0.0.1", 60_000), lockout("10.0.0.2", 10_000), lockout("10.0.0.3", 0));
    assert.deepEqual(lockedOut(), ["10.0.0.1", "10.0.0.2"]);
    const events = driver.history(key).length;
    recordLockouts(lockout("10.0.0.1", 59_000));
    assert.equal(driver.history(key).length, events, "one that is known for longer changes nothing");
    driver.advance(20_000);
    assert.deepEqual(lockedOut(), ["10.0.0.1"]);
    const lift = () => driver.execute(key, liftLockout, { subject: "10.0.0.1" });
    assert.deepEqual(
      [lift(), lift()],
      [1, 0].map((removed) => ({ revision: 0, existed: false, removed })),
    );
    assert.deepEqual(lockedOut(), []);
    recordLockouts(
      ...Array.from({ length: 1_500 }, (_, at) => lockout(`10.1.${at >> 8}.${at & 255}`, 60_000)),
    );
    assert.equal(lockedOut().length, 1_000);
  });

  it("uses are recorded to the minute, and earlier uses change nothing", () => {
    const driver = newDriver();
    keepOne(driver, "one");
    driver.advance(10 * 60_000);
    const minute = Math.floor(driver.nowMs / 60_000) * 60_000;
    const use = (useMs: number) =>
      driver.execute(key, noteUses, { uses: [{ credentialId: "one", useMs, address: "::1" }] });
    use(minute + 30_000);
    assert.deepEqual(contentsOf(driver).keys.get("one")?.key.useTime, toTimestamp(minute));
    const before = driver.history(key).length;
    use(minute + 1);
    use(minute - 60_000);
    assert.equal(driver.history(key).length, before);
  });
});
