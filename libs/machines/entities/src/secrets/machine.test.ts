import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRefusal } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { secretsKey as key, storing } from "../testing/secrets.ts";
import {
  endSecret,
  isInForce,
  noteSecretUses,
  resealSecrets,
  type SecretsView,
  secretContents,
  secrets,
  storeSecret,
} from "./index.ts";

const opened = () => new MachineDriver({ machines: [secrets], service: "governance" });
const contents = (driver: MachineDriver): SecretsView => {
  const found = driver.query(key, secretContents, undefined);
  if (isRefusal(found)) throw new Error(found.message);
  return found;
};
const versions = (driver: MachineDriver, name = "till") => contents(driver).stored.get(name)?.versions ?? [];
const open = (driver: MachineDriver) =>
  versions(driver)
    .filter((each) => isInForce(each, driver.nowMs))
    .map(({ version }) => version);
const codeOf = (reply: unknown) => (isRefusal(reply) ? reply.code : "done");

describe("the secrets of a namespace", () => {
  it("end a version when the next version is stored, at once or after an overlap, and delete its envelope", () => {
    const driver = opened();
    driver.execute(key, storeSecret, storing("till", 1));
    driver.execute(key, storeSecret, storing("till", 2));
    assert.deepEqual(open(driver), [2]);
    assert.equal(versions(driver)[0]?.envelope, undefined);
    driver.execute(key, storeSecret, storing("till", 3, { overlapMs: 60_000 }));
    assert.deepEqual(open(driver), [2, 3]);
    driver.advance(60_000);
    assert.deepEqual(open(driver), [3]);
  });

  it("use no version number twice, even after a secret was deleted and created again", () => {
    const driver = opened();
    driver.execute(key, storeSecret, storing("till", 1));
    assert.deepEqual(driver.execute(key, endSecret, { name: "till", versions: [] }), { versions: 1 });
    assert.equal(codeOf(driver.execute(key, storeSecret, storing("till", 1))), "secrets.moved");
    driver.execute(key, storeSecret, storing("till", 2));
    assert.deepEqual(open(driver), [2]);
  });

  it("store a value once per intent", () => {
    const driver = opened();
    const first = storing("till", 1);
    const version = { ...first.version, intent: "first" };
    driver.execute(key, storeSecret, { ...first, version } as typeof first);
    const repeated = { ...storing("till", 2), version: { ...storing("till", 2).version, intent: "first" } };
    assert.equal(codeOf(driver.execute(key, storeSecret, repeated as typeof first)), "secrets.repeated");
    assert.deepEqual(open(driver), [1]);
  });

  it("record the use of a valid version, and reject the use of other versions", () => {
    const driver = opened();
    driver.execute(key, storeSecret, storing("till", 1));
    const use = (version: number) =>
      driver.execute(key, noteSecretUses, { uses: [{ name: "till", version }], work: undefined });
    assert.deepEqual(use(1), { versions: 1 });
    assert.ok((contents(driver).stored.get("till")?.useMs ?? 0) > 0);
    assert.equal(codeOf(use(2)), "secrets.not_in_force");
    driver.execute(key, endSecret, { name: "till", versions: [1] });
    assert.equal(codeOf(use(1)), "secrets.not_in_force");
  });

  it("accept a resealed key only if it replaces the current key", () => {
    const driver = opened();
    driver.execute(key, storeSecret, storing("till", 1));
    const resealed = (fromKeyId: string) => ({
      keys: [{ name: "till", version: 1, fromKeyId, sealingKeyId: "two", key: new Uint8Array([9]) }],
    });
    assert.deepEqual(driver.execute(key, resealSecrets, resealed("other")), { versions: 0 });
    assert.deepEqual(driver.execute(key, resealSecrets, resealed("one")), { versions: 1 });
    assert.equal(versions(driver)[0]?.envelope?.sealingKeyId, "two");
    assert.equal(Buffer.from(versions(driver)[0]?.envelope?.value ?? []).toString(), "till value 1");
  });

  it("keep the newest hundred versions", () => {
    const driver = opened();
    for (let version = 1; version <= 120; version++)
      driver.execute(key, storeSecret, storing("till", version, { overlapMs: 60_000 }));
    assert.equal(versions(driver).length, 100);
    assert.equal(versions(driver)[0]?.version, 21);
  });
});
