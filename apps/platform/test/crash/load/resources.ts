/** Sessions that share a quota, while a reservation keeps a part of the quota. */
import assert from "node:assert/strict";
import { until } from "@tutti/kernel/testing";
import { retryUntilDone } from "../../support/killed.ts";
import type { LoadPart, Stage } from "../load-part.ts";

const allowed = 2;
const count = 8;

export function resources(stage: Stage): LoadPart {
  const { tutti, effects } = stage;
  const expected = new Set<string>();
  return {
    async prepare() {
      await until("the agent with its resources", async () => {
        const { resources: found } = await retryUntilDone(() => stage.rest().call("resources.list"));
        return found.some(({ name }) => name === "gpu");
      });
      const limits = { gpu: allowed };
      const params = { quota: "default" };
      await retryUntilDone(() =>
        stage.rest().call("quotas.set", { params, body: { quotaId: "default", limits } }),
      );
      const span = { fromMs: Date.now(), toMs: Date.now() + 3_600_000 };
      const reservation = { reservationId: "kept", amounts: { gpu: 1 }, span };
      await retryUntilDone(() => stage.rest().call("reservations.create", { body: reservation }));
      await until("the pool to know the quota", async () => {
        const { used } = await retryUntilDone(() => stage.rest().call("quotas.get", { params }));
        return "gpu" in (used ?? {});
      });
    },
    async round(number) {
      await Promise.all(
        (["workflow", "swarm"] as const).map(async (mode, at) => {
          const id = `gpu-${number}-${mode}`;
          const tasks = Array.from({ length: count }, (_, n) => ({
            ...{ id: `t${n}`, uses: "crash.step", resources: { gpu: 1 } },
            input: { tag: `${id}/t${n}`, group: "gpu", takesMs: 40 },
          }));
          const session = await retryUntilDone(() => tutti.run({ id, tasks, mode, weight: 1 + 2 * at }));
          for (const { input } of tasks) expected.add(input.tag);
          await session.result();
        }),
      );
    },
    always: {
      "quotas: no effect is doubled": () => effects.assertNoneTwice("gpu-"),
      "quotas: no more run at once than is allowed": () =>
        assert.ok(effects.maxConcurrent("gpu") <= allowed, `${effects.maxConcurrent("gpu")} of ${allowed}`),
      "quotas: a quota is kept": async () => {
        const params = { quota: "default" };
        const { limits } = await retryUntilDone(() => stage.rest().call("quotas.get", { params }));
        assert.deepEqual(limits, { gpu: allowed });
      },
      "reservations: a reservation is kept": async () => {
        const { reservations } = await retryUntilDone(() => stage.rest().call("reservations.list"));
        assert.deepEqual(
          reservations.map(({ reservationId }) => reservationId),
          ["kept"],
        );
      },
      "reservations: no more is reserved than there is": async () => {
        const span = { fromMs: Date.now(), toMs: Date.now() + 60_000 };
        const body = { reservationId: "beyond", amounts: { gpu: 4 }, span };
        await assert.rejects(
          retryUntilDone(() => stage.rest().call("reservations.create", { body })),
          /kept holds 1 until /,
        );
      },
    },
    atEnd: {
      "quotas: each effect is there once": () => effects.assertOnce("gpu-", expected),
    },
  };
}
