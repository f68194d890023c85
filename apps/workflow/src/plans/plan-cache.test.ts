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
  return { requests, cache: new PlanCache({ blobs: () => blobs, readNow: () => undefined, bytesMax }) };
}

describe("plans that have to be fetched", () => {
  it("are fetched once for concurrent callers, and are then in memory", async () => {
    const { requests, cache } = remoteCache(1_000_000);
    assert.throws(() => cache.plan(one.hash), /plan/);
    await Promise.all([cache.prepare("default", one.hash), cache.prepare("default", one.hash)]);
    assert.equal(cache.prepare("default", one.hash), undefined);
    assert.equal(cache.plan(one.hash).plan.name, "one");
    assert.deepEqual(requests, [one.hash]);
  });

  it("stay while they are in use, even if there is room for only one", async () => {
    const { requests, cache } = remoteCache(1);
    await cache.prepare("default", one.hash);
    const inUse = cache.plan(one.hash);
    await cache.prepare("default", two.hash);
    assert.equal(cache.plan(one.hash), inUse);
    assert.equal(cache.prepare("default", one.hash), undefined);
    assert.deepEqual(requests, [one.hash, two.hash]);
  });

  it("that are missing are reported, and requested again", async () => {
    const { cache } = remoteCache(1);
    await assert.rejects(async () => cache.prepare("default", "00"), RangeError);
    await assert.rejects(async () => cache.prepare("default", "00"), RangeError);
  });
});
