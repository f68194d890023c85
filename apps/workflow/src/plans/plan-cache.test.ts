import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkText } from "@tutti/definitions";
import { PlanCache } from "./plan-cache.ts";

const plans = ["one", "two"].map((name) => {
  const text = `workflow: ${name}\ntasks: {a: {uses: x}}\n`;
  const { definition } = checkText({ format: "yaml", text, fileName: "" });
  assert.ok(definition?.plan !== undefined);
  return { hash: definition.hash, text: Buffer.from(JSON.stringify(definition.plan)) };
});
const [one, two] = plans as [(typeof plans)[0], (typeof plans)[0]];

/** Returns a store with asynchronous reads, like that of a cluster. */
function remoteCache(bytesMax: number) {
  const requests: string[] = [];
  const blobs = {
    async *read(_: string, sha256: Uint8Array) {
      const hash = Buffer.from(sha256).toString("hex");
      requests.push(hash);
      const found = plans.find((plan) => plan.hash === hash);
      if (found === undefined) throw new RangeError("there is none");
      yield found.text;
    },
  };
  return { requests, shelf: new PlanCache({ blobs: () => blobs, readNow: () => undefined, bytesMax }) };
}

describe("plans that have to be fetched", () => {
  it("are fetched once for concurrent callers, and are then in memory", async () => {
    const { requests, shelf } = remoteCache(1_000_000);
    assert.throws(() => shelf.plan(one.hash), /plan/);
    await Promise.all([shelf.prepare("default", one.hash), shelf.prepare("default", one.hash)]);
    assert.equal(shelf.prepare("default", one.hash), undefined);
    assert.equal(shelf.plan(one.hash).plan.name, "one");
    assert.deepEqual(requests, [one.hash]);
  });

  it("stay while they are in use, even if there is room for only one", async () => {
    const { requests, shelf } = remoteCache(1);
    await shelf.prepare("default", one.hash);
    const inUse = shelf.plan(one.hash);
    await shelf.prepare("default", two.hash);
    assert.equal(shelf.plan(one.hash), inUse);
    assert.equal(shelf.prepare("default", one.hash), undefined);
    assert.deepEqual(requests, [one.hash, two.hash]);
  });

  it("that are missing are reported, and requested again", async () => {
    const { shelf } = remoteCache(1);
    await assert.rejects(async () => shelf.prepare("default", "00"), RangeError);
    await assert.rejects(async () => shelf.prepare("default", "00"), RangeError);
  });
});
