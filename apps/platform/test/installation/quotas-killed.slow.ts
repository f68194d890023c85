/** The platform is killed with -9 while two sessions share a quota and a third has a reservation: both hold again afterwards. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { insist, startAt } from "../support/killed.ts";
import { makeFolder } from "../support/services.ts";

const kills = 2;
const count = 60;

describe("quotas and reservations under kill -9", () => {
  it("are kept to before, between and after: no more is at work than they allow, and all ends", async () => {
    await using folder = await makeFolder();
    let platform = await startAt(folder.path);
    const { grpc: address } = platform;
    const ask = async (method: string, path: string, body?: object): Promise<Record<string, unknown>> => {
      const response = await fetch(`${platform.http}/v1/${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
      });
      const answer = (await response.json()) as Record<string, unknown>;
      assert.ok(response.ok, JSON.stringify(answer));
      return answer;
    };
    let done = 0;
    const atWork = new Map<string, number>();
    const most = new Map<string, number>();
    const worker = new Worker({
      ...{ address, agentId: "anna", slots: 8, handleSignals: false },
      resources: { gpu: 4 },
    });
    worker.handle("model.train", async (session: string) => {
      const now = (atWork.get(session) ?? 0) + 1;
      atWork.set(session, now);
      const all = [...atWork.values()].reduce((sum, each) => sum + each, 0);
      most.set("all", Math.max(most.get("all") ?? 0, all));
      await new Promise((resolve) => setTimeout(resolve, 30));
      atWork.set(session, (atWork.get(session) ?? 0) - 1);
      done++;
    });
    await worker.start();
    const tutti = await connect({ address });
    try {
      await until(
        "the agent",
        () => ask("GET", "resources"),
        ({ resources }) => JSON.stringify(resources).includes('"gpu"'),
      );
      await ask("PUT", "quotas/default", { quotaId: "default", limits: { gpu: 2 } });
      const nowMs = Date.now();
      const span = { fromMs: nowMs, toMs: nowMs + 3_600_000 };
      await ask("POST", "reservations", { reservationId: "kept", amounts: { gpu: 1 }, span });
      await until(
        "the pool to know of the quota",
        () => ask("GET", "quotas/default"),
        ({ used }) => used !== undefined && "gpu" in (used as object),
      );
      const tasks = (id: string) =>
        Array.from({ length: count }, (_, n) => ({
          ...{ id: `t${n}`, uses: "model.train", input: id, resources: { gpu: 1 } },
        }));
      const sessions = [
        await tutti.execute({ id: "heavy", tasks: tasks("heavy"), mode: "workflow", weight: 3 }),
        await tutti.execute({ id: "light", tasks: tasks("light"), mode: "swarm" }),
      ];
      for (let kill = 1; kill <= kills; kill++) {
        const wanted = Math.floor((2 * count * kill) / (kills + 2));
        while (done < wanted) await new Promise((resolve) => setTimeout(resolve, 5));
        await platform.kill();
        platform = await startAt(folder.path, address);
      }
      for (const session of sessions) await insist(() => session.result());
      assert.equal(most.get("all"), 2, "two GPUs are what the quota allows, also just after a restart");
      const { reservations } = await ask("GET", "reservations");
      assert.match(JSON.stringify(reservations), /"reservationId":"kept"/);
    } finally {
      await tutti.close();
      await worker.stop();
      await platform[Symbol.asyncDispose]();
    }
  });
});
