import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recordingLogger, VirtualTime } from "@tutti/kernel/testing";
import { BundleMaker, type BundleMakerParts } from "./bundle-maker.ts";

describe("who makes bundles", () => {
  it("stops at once, though what it asks does not answer", async () => {
    const time = new VirtualTime();
    let asked = 0;
    const never = () => {
      asked++;
      return new Promise<never>(() => {});
    };
    const maker = new BundleMaker({
      archive: { search: never } as unknown as BundleMakerParts["archive"],
      policies: { getBundlePart: never },
      foundation: { clock: time, timers: time, logger: recordingLogger() },
      settings: { bundleMaxAgeMs: 60_000, publishDelayMs: 10 },
      keys: { open: never } as unknown as BundleMakerParts["keys"],
    });
    maker.start();
    await new Promise((resolve) => setImmediate(resolve));
    await maker.stop();
    assert.equal(asked, 1);
  });
});
