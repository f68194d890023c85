/**
 * Missions of two processes: their tasks go to the pool wherever it is owned, and they continue when a process is
 * killed.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Mission, missionService, StartMissionRequest } from "@tutti/contracts/swarm/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { isTuttiError, silentLogger } from "@tutti/kernel";
import { gate, until } from "@tutti/kernel/testing";
import type { Client } from "@tutti/mesh";
import { natsServerProgram } from "@tutti/nats/testing";
import { Worker } from "@tutti/sdk";
import { Cluster } from "./support/cluster.ts";

const program = await natsServerProgram();
const missions = 8;
const tasks = 3;

describe("missions of two processes", { skip: program.skip }, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.open(4);
  });
  after(() => cluster[Symbol.asyncDispose]());

  it("offer their tasks to a pool of another process, and all complete, even if an owner is killed", async () => {
    const killed = await cluster.spawn();
    const first = await cluster.join();
    const [namespace = ""] = await cluster.remoteNamespaces(first.mesh.address, 2);
    const barrier = gate();
    const started = new Set<string>();
    const worker = new Worker(
      { address: first.mesh.address, namespace, agentId: "hand", slots: 50, handleSignals: false },
      { logger: silentLogger },
    );
    worker.handle("test.echo", async (_input, { workId, taskId }) => {
      started.add(`${workId}/${taskId}`);
      await barrier.pass();
      return `${workId}/${taskId}`;
    });
    await worker.start();
    const client = first.mesh.client(missionService);
    const ids = Array.from({ length: missions }, (_, number) => `mission-${number}`);
    for (const missionId of ids)
      await client.startMission(
        StartMissionRequest.fromPartial({
          ...{ namespace, missionId },
          what: {
            $case: "spec",
            value: {
              tasks: Array.from({ length: tasks }, (_, number) => ({
                id: `task-${number}`,
                work: { $case: "capability", value: "test.echo" } as const,
              })),
            },
          },
        }),
      );
    await until("all tasks to be running", () => started.size === missions * tasks);
    killed.child.kill("SIGKILL");
    barrier.open();
    for (const missionId of ids) {
      const found = await untilEnded(client, namespace, missionId);
      assert.equal(found?.status, WorkStatus.WORK_STATUS_COMPLETED, missionId);
      const result = found.outcome?.result;
      const body = result?.$case === "completed" ? result.value.body : undefined;
      const output = JSON.parse(new TextDecoder().decode(body?.$case === "inline" ? body.value : undefined));
      assert.deepEqual(
        output,
        Object.fromEntries(
          Array.from({ length: tasks }, (_, number) => [`task-${number}`, `${missionId}/task-${number}`]),
        ),
      );
    }
    await worker.stop();
    await first.stop();
  });
});

/** Waits for the end: after a kill, a partition has no owner until the lease expires. */
async function untilEnded(
  client: Pick<Client<typeof missionService>, "awaitMission">,
  namespace: string,
  missionId: string,
): Promise<Mission | undefined> {
  for (;;) {
    try {
      const { mission } = await client.awaitMission({ namespace, missionId, waitMs: 1_000, afterEvent: 0 });
      if (mission?.endTime !== undefined) return mission;
    } catch (error) {
      if (!isTuttiError(error) || error.retry === "never") throw error;
    }
  }
}
