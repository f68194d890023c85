import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Offer } from "@tutti/contracts/registry/v1";
import { Capability } from "@tutti/contracts/types/v1";
import { recordingLogger, VirtualTime } from "@tutti/kernel/testing";
import { AnnouncedOffers } from "./announced-offers.ts";

function open() {
  const time = new VirtualTime();
  const announced: (readonly Offer[])[] = [];
  const logger = recordingLogger();
  const pools: { namespace: string; capabilities: [Capability, number][] }[] = [];
  const offers = new AnnouncedOffers({
    announcer: { offer: (_service, all) => void announced.push(all) },
    pools: () =>
      pools.map(({ namespace, capabilities }) => ({
        namespace,
        offered: () => capabilities.map(([capability, agents]) => ({ capability, agents })),
      })),
    timers: time,
    logger,
  });
  const listed = () =>
    announced.at(-1)?.map(({ namespace, capability, providers }) => {
      return `${namespace} ${capability?.name}@${capability?.version} ${providers}`;
    });
  return { time, offers, announced, pools, listed, logger };
}

const capabilityNamed = (name: string, more: Partial<Capability> = {}): Capability =>
  Capability.fromPartial({ name, version: "1.0.0", ...more });

describe("capabilities that are announced to the registry", () => {
  it("cover all pools, with each version once per namespace", async () => {
    const { time, offers, pools, listed } = open();
    pools.push({
      namespace: "default",
      capabilities: [
        [capabilityNamed("a"), 2],
        [capabilityNamed("b"), 1],
      ],
    });
    pools.push({ namespace: "default", capabilities: [[capabilityNamed("a"), 3]] });
    pools.push({ namespace: "team", capabilities: [[capabilityNamed("a"), 1]] });
    offers.changed();
    await time.advanceAsync(500);
    assert.deepEqual(listed(), ["default a@1.0.0 5", "default b@1.0.0 1", "team a@1.0.0 1"]);
    pools.splice(0, 2);
    offers.changed();
    await time.advanceAsync(500);
    assert.deepEqual(listed(), ["team a@1.0.0 1"]);
  });

  it("are announced together, and only if they differ", async () => {
    const { time, offers, announced, pools } = open();
    pools.push({ namespace: "default", capabilities: [[capabilityNamed("a"), 1]] });
    for (let count = 0; count < 1_000; count++) offers.changed();
    await time.advanceAsync(500);
    assert.equal(announced.length, 1);
    offers.changed();
    await time.advanceAsync(5_000);
    assert.equal(announced.length, 1);
    offers.stop();
    pools.pop();
    offers.changed();
    await time.advanceAsync(5_000);
    assert.equal(announced.length, 1);
  });

  it("keep all names, and drop schemas that do not fit a message", async () => {
    const { time, offers, announced, pools } = open();
    const heavy = capabilityNamed("heavy", {
      inputSchema: `{"description":"${"x".repeat(262_130)}"}`,
      outputSchema: "{}",
    });
    const light = capabilityNamed("light", { inputSchema: '{"type":"object"}' });
    pools.push({
      namespace: "default",
      capabilities: [
        [heavy, 1],
        [light, 1],
      ],
    });
    offers.changed();
    await time.advanceAsync(500);
    assert.deepEqual(
      announced.at(-1)?.map(({ capability }) => [capability?.name, capability?.inputSchema]),
      [
        ["heavy", ""],
        ["light", '{"type":"object"}'],
      ],
    );
  });

  it("are cut with a warning above the limit of the contract", async () => {
    const { time, offers, announced, pools, logger } = open();
    const capabilities = Array.from({ length: 10_001 }, (_, at): [Capability, number] => [
      capabilityNamed(`c${at}`),
      1,
    ]);
    pools.push({ namespace: "default", capabilities });
    offers.changed();
    await time.advanceAsync(500);
    assert.equal(announced.at(-1)?.length, 10_000);
    assert.equal(logger.messages("warn").length, 1);
  });
});
