import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recordingLogger, VirtualTime } from "@tutti/kernel/testing";
import { BundleBuilder, type BundleBuilderParts } from "./bundle-builder.ts";

type Search = BundleBuilderParts["archive"]["search"];

function builderWith(
  search: Search,
  keys: BundleBuilderParts["keys"],
  time = new VirtualTime(),
): BundleBuilder {
  return new BundleBuilder({
    archive: { search },
    policies: { getBundlePart: never },
    foundation: { clock: time, timers: time, logger: recordingLogger() },
    settings: { bundleMaxAgeMs: 60_000, publishDelayMs: 10 },
    keys,
  });
}

function never(): Promise<never> {
  return new Promise(() => {});
}

const nothing = { entries: [], cursor: "", indexedToMs: 0 };

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe("the bundle maker", () => {
  it("stops at once, although its calls get no reply", async () => {
    let calls = 0;
    const search = () => {
      calls++;
      return never();
    };
    const builder = builderWith(search, { open: never, settled: async () => {} });
    builder.start();
    await turn();
    await builder.stop();
    assert.equal(calls, 1);
  });

  it("searches once a second, and stops within the pause", async () => {
    let calls = 0;
    const search = async () => {
      calls++;
      return nothing;
    };
    const time = new VirtualTime();
    const open = () => Promise.reject(new Error("no keys yet"));
    const builder = builderWith(search, { open, settled: async () => {} }, time);
    builder.start();
    await time.advanceAsync(10_000);
    await builder.stop();
    // A build without an earlier one searches as well.
    assert.equal(calls, 22);
    assert.equal(time.pending, 0);
  });

  it("stops after its new keys are written", async () => {
    const opened = Promise.withResolvers<void>();
    const written = Promise.withResolvers<void>();
    const open = () => {
      opened.resolve();
      return never();
    };
    const builder = builderWith(async () => nothing, { open, settled: () => written.promise });
    builder.start();
    await opened.promise;
    let isStopped = false;
    const stopping = builder.stop().then(() => {
      isStopped = true;
    });
    await turn();
    assert.equal(isStopped, false);
    written.resolve();
    await stopping;
  });

  it("creates no keys after it was stopped", async () => {
    const found = Promise.withResolvers<typeof nothing>();
    let opened = 0;
    const open = () => {
      opened++;
      return never();
    };
    const builder = builderWith(() => found.promise, { open, settled: async () => {} });
    builder.start();
    await builder.stop();
    found.resolve(nothing);
    await turn();
    assert.equal(opened, 0);
  });
});
