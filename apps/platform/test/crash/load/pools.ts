/** Pools with every setting. */
import assert from "node:assert/strict";
import { until } from "@tutti/kernel/testing";
import { retryUntilDone } from "../../support/killed.ts";
import type { LoadPart, Stage } from "../load-part.ts";

const pools = ["furnished-0", "furnished-1", "furnished-2", "furnished-3"];

export function furnishedPools(stage: Stage): LoadPart {
  const furnished = new Map<string, unknown>();

  async function furnish(pool: string): Promise<void> {
    const params = { pool };
    const key = (action: string) => ({ idempotencyKey: `${action}-${pool}` });
    const hook = {
      ...{ pool, hookId: "first", moment: "before_assign" as const },
      rule: { verdict: { priority: "task.priority + 1" } },
    };
    const scaler = { pool, scalerId: "night", maxAgents: 1, paused: true, process: { command: ["true"] } };
    await retryUntilDone(() =>
      stage.rest().call("pools.create", { body: { pool, maxQueued: 7 }, ...key("pool") }),
    );
    const limit = { key: "api", maxConcurrent: 2 };
    await retryUntilDone(() => stage.rest().call("pools.setLimit", { params, body: limit }));
    await retryUntilDone(() => stage.rest().call("hooks.create", { body: hook, ...key("hook") }));
    await retryUntilDone(() => stage.rest().call("scalers.create", { body: scaler, ...key("scaler") }));
    await retryUntilDone(() => stage.rest().call("pools.pause", { params, body: { reason: "maintenance" } }));
  }

  /** Returns the part of a pool that does not depend on running processes. */
  async function settingsOf(pool: string): Promise<unknown> {
    const params = { pool };
    const query = { pool };
    const { maxQueued, paused, pauseReason } = await retryUntilDone(() =>
      stage.rest().call("pools.get", { params }),
    );
    const { limits } = await retryUntilDone(() => stage.rest().call("pools.limits", { params }));
    const { hooks } = await retryUntilDone(() => stage.rest().call("hooks.list", { query }));
    const { scalers } = await retryUntilDone(() => stage.rest().call("scalers.list", { query }));
    return {
      ...{ maxQueued, paused, pauseReason },
      limits: limits.map((limit) => [limit.key, limit.maxConcurrent]),
      hooks: hooks.map(({ hookId, moment, rule }) => [hookId, moment, rule]),
      scalers: scalers.map((scaler) => [scaler.scalerId, scaler.maxAgents, scaler.paused, scaler.process]),
    };
  }

  return {
    async prepare() {
      for (const pool of pools) {
        await furnish(pool);
        furnished.set(pool, await settingsOf(pool));
      }
      assert.match(JSON.stringify(furnished.get("furnished-0")), /maintenance.*api.*first.*night/);
    },
    async round() {
      // A list is incomplete while a partition has no owner.
      await until("all pools to be listed", async () => {
        const { pools: listed } = await retryUntilDone(() => stage.rest().call("pools.list"));
        return pools.every((pool) => listed.some((each) => each.pool === pool));
      });
    },
    always: {
      "pools: settings, limits, hooks and scalers are kept": async () => {
        for (const pool of pools) assert.deepEqual(await settingsOf(pool), furnished.get(pool), pool);
      },
    },
    atEnd: {},
  };
}
