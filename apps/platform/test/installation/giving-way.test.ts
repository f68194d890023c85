/**
 * Preemption in a pool with a real worker: for a more urgent task, the pool requests the end of a running attempt, and
 * its handler ends.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { CreatePoolRequest, poolService } from "@tutti/contracts/swarm/v1";
import { latch } from "@tutti/kernel/testing";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

const pool = "crew";

describe("a pool with preemption", () => {
  let installation: Installation;
  let worker: Worker;
  let tutti: Tutti;
  /** Events at the worker, in order. */
  const log: string[] = [];
  const started = latch();

  before(async () => {
    installation = await Installation.open();
    const preemption = { priorityDifference: 10, graceMs: 60_000 };
    await installation.host.mesh
      .client(poolService)
      .createPool(CreatePoolRequest.fromPartial({ namespace: "default", pool: { pool, preemption } }));
    tutti = await installation.client();
    await tutti.workflows.register(
      `workflow: work\ntasks: {do: {uses: work.do, placement: {pool: ${pool}}, with: "\${{ input }}"}}\noutput: "\${{ tasks.do.output }}"\n`,
    );
    const options = { address: installation.address, pool, agentId: "hand" };
    worker = installation.worker({ ...options, slots: 1 });
    worker.handle("work.do", async (name: string, { signal }) => {
      log.push(`${name} begins`);
      started.open();
      // The first attempt never ends by itself. Only a preemption ends it.
      if (name === "long" && log.filter((entry) => entry === "long begins").length === 1) {
        await new Promise<void>((done) => signal.addEventListener("abort", () => done()));
        log.push("long gives way");
        signal.throwIfAborted();
      }
      log.push(`${name} ends`);
      return name;
    });
    await worker.start();
  });
  after(async () => {
    await tutti?.close();
    await worker?.stop();
    await installation?.[Symbol.asyncDispose]();
  });

  it("ends an attempt for a more urgent task, and restarts the preempted task afterwards without a failure", async () => {
    const long = await tutti.run("work", { id: "long", input: "long" });
    await started.opened;
    const urgentRun = await tutti.run("work", { id: "near", input: "near", priority: 5 });
    const urgent = await tutti.run("work", { id: "urgent", input: "urgent", priority: 50 });
    assert.equal(await urgent.result(), "urgent");
    assert.deepEqual([await urgentRun.result(), await long.result()], ["near", "long"]);
    assert.deepEqual(log.slice(0, 4), ["long begins", "long gives way", "urgent begins", "urgent ends"]);
    assert.equal(log.filter((entry) => entry === "long begins").length, 2);
  });
});
