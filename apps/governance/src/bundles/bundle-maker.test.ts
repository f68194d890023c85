import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recordingLogger, VirtualTime } from "@tutti/kernel/testing";
import { BundleMaker, type BundleMakerParts } from "./bundle-maker.ts";

type Search = BundleMakerParts["archive"]["search"];

function makerWith(search: Search, keys: BundleMakerParts["keys"]): BundleMaker {
  const time = new VirtualTime();
  return new BundleMaker({
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

describe("who makes bundles", () => {
  it("stops at once, though what it asks does not answer", async () => {
    let calls = 0;
    const search = () => {
      calls++;
      return never();
    };
    const maker = makerWith(search, { open: never, settled: async () => {} });
    maker.start();
    await turn();
    await maker.stop();
    assert.equal(calls, 1);
  });

  it("stops when the keys are written that it has made", async () => {
    const opened = Promise.withResolvers<void>();
    const written = Promise.withResolvers<void>();
    const open = () => {
      opened.resolve();
      return never();
    };
    const maker = makerWith(async () => nothing, { open, settled: () => written.promise });
    maker.start();
    await opened.promise;
    let isStopped = false;
    const stopping = maker.stop().then(() => {
      isStopped = true;
    });
    await turn();
    assert.equal(isStopped, false);
    written.resolve();
    await stopping;
  });

  it("has no keys made once it was stopped", async () => {
    const found = Promise.withResolvers<typeof nothing>();
    let opened = 0;
    const open = () => {
      opened++;
      return never();
    };
    const maker = makerWith(() => found.promise, { open, settled: async () => {} });
    maker.start();
    await maker.stop();
    found.resolve(nothing);
    await turn();
    assert.equal(opened, 0);
  });
});
