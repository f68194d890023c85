import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isTuttiError } from "@tutti/kernel";
import { WorkerMissions } from "./missions.ts";
import { type OpenClient, resolveSettings, type WorkerOptions } from "./settings.ts";

const task = { namespace: "shop", missionId: "poster", taskId: "draw", agentId: "ann" };
const workerOf = (options: WorkerOptions) => new WorkerMissions(resolveSettings(options, {}));
const failing = (
  ...reasons: readonly string[]
): { readonly asked: unknown[]; readonly connect: OpenClient } => {
  const asked: unknown[] = [];
  return {
    asked,
    connect: async (target) => {
      asked.push(target);
      throw new Error(reasons[asked.length - 1]);
    },
  };
};

describe("the way of a handler to its mission", () => {
  it("is by the client that the worker names, for the namespace of the task, and tried again when it failed", async () => {
    const { asked, connect } = failing("first", "second");
    const attempts = workerOf({ address: ["127.0.0.1:1", "127.0.0.1:2"], connect });
    await assert.rejects(attempts.open(task), /first/);
    await assert.rejects(attempts.open(task), /second/);
    const target = { address: ["127.0.0.1:1", "127.0.0.1:2"], namespace: "shop" };
    assert.deepEqual(asked, [target, target]);
  });

  it("is rejected if the link is encrypted and no client is set", async () => {
    const credentials = { certificateAuthority: "PEM" };
    const refused = (error: unknown) => isTuttiError(error) && /`?connect`?/.test(error.message);
    await assert.rejects(workerOf({ credentials }).open(task), refused);
    const { asked, connect } = failing("tried");
    await assert.rejects(workerOf({ credentials, connect }).open(task), /tried/);
    assert.equal(asked.length, 1);
  });
});
