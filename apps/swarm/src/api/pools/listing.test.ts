import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { notOwner } from "@tutti/kernel";
import { swarmErrors } from "../../errors.ts";
import type { PoolDependencies } from "../dependencies.ts";
import { poolsOf } from "./listing.ts";

/** The only pool of a namespace cannot be opened. */
function poolsThatFail(error: unknown): PoolDependencies {
  return {
    pools: {
      configuredNames: ["shop"],
      of: () => [],
      otherOwners: () => [],
      holds: () => true,
      tenant: () => Promise.reject(error),
    },
    poolStore: { machines: { archive: { search: async () => ({ entries: [], cursor: "" }) } } },
    now: () => 0,
  } as unknown as PoolDependencies;
}

describe("a list of pools", () => {
  const context = { signal: new AbortController().signal };

  for (const [title, error] of [
    ["deleted meanwhile", swarmErrors.poolUnknown({ namespace: "default", pool: "shop" })],
    ["moved to another owner", notOwner("swarm/1", undefined)],
  ] as const)
    it(`leaves out a pool that was ${title}`, async () => {
      assert.deepEqual(await poolsOf(poolsThatFail(error), "default", context), []);
    });

  it("fails if a pool cannot be read, and is not shorter without a word", async () => {
    const error = new Error("the disk failed");
    await assert.rejects(poolsOf(poolsThatFail(error), "default", context), error);
  });
});
