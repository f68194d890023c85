import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { ResetRun, RunOrder } from "@tutti/contracts/workflow/v1";
import { MachineDriver } from "@tutti/kernel/testing";
import { limit, usage } from "@tutti/machine-limit";
import type { OfferTask, RunEffect } from "../../core/state/effects.ts";
import { statusOf } from "../../core/state/state.ts";
import { runMachine } from "../../machine.ts";
import { jsonBytes, KnownDefinitions } from "../../testing/index.ts";
import { beginRun, cancelRun } from "../control/commands.ts";
import { resetRun, retryRun } from "../repair/commands.ts";
import { completeTask } from "../results/attempts.ts";
import { loseLease } from "./commands.ts";

const text = `workflow: w
limits:
  - {key: "customer-\${{ input.customer }}", concurrency: 1}
  - {key: all, concurrency: 2}
tasks: {a: {uses: x}}
`;

const undoing = text.replace(
  "{a: {uses: x}}",
  "{a: {uses: x, compensate: {uses: y}}, b: {needs: [a], uses: z}}",
);

const { WORK_STATUS_PENDING: pending, WORK_STATUS_RUNNING: running } = WorkStatus;

class Scene {
  readonly definitions = new KnownDefinitions();
  readonly machine = runMachine({ plans: this.definitions });
  readonly driver = new MachineDriver({ machines: [this.machine, limit], service: "workflow", seed: 1 });
  readonly #hash: string;

  constructor(definition = text) {
    this.#hash = this.definitions.add(definition);
  }

  start(id: string, customer: number, startMs = 0): void {
    const order = RunOrder.fromPartial({ hash: this.#hash, input: jsonBytes({ customer }), startMs });
    this.driver.execute(keyOf(id), beginRun, { order });
    this.driver.deliverAll();
  }

  status(id: string): WorkStatus {
    return statusOf(this.driver.state(keyOf(id), this.machine));
  }

  complete(id: string): void {
    const effect = this.driver.effects.find(
      (each) => each.key.id === id && (each.effect as OfferTask).kind === "offer_task",
    );
    assert.ok(effect !== undefined);
    const body = {
      output: new Uint8Array(0),
      outputPayload: undefined,
      agent: "a",
      runMs: 1,
      used: undefined,
      questions: [],
    };
    this.driver.settle(effect, completeTask, body);
    this.driver.deliverAll();
  }

  heldCount(id: string): number {
    const found = this.driver.query({ namespace: "default", kind: "limit", id }, usage, undefined);
    return "holdCount" in found ? found.holdCount : -1;
  }
}

const keyOf = (id: string) => ({ namespace: "default", kind: "run", id });

describe("limits of runs", () => {
  it("a run starts when it has acquired all of them, and releases them at its end", () => {
    const scene = new Scene();
    scene.start("one", 7);
    scene.start("two", 7);
    scene.start("three", 8);
    scene.start("four", 9);
    const statuses = () => ["one", "two", "three", "four"].map((id) => scene.status(id));
    // The second run holds the shared limit while it waits for its customer: limits are requested one after
    // the other.
    assert.deepEqual(statuses(), [running, pending, pending, pending]);
    scene.complete("one");
    assert.deepEqual(statuses().slice(1), [running, running, pending]);
    scene.complete("three");
    assert.deepEqual(scene.status("four"), running);
    scene.complete("two");
    scene.complete("four");
    assert.deepEqual([scene.heldCount("all"), scene.heldCount("customer-7")], [0, 0]);
  });

  it("a run that is cancelled while it waits releases its permits and leaves the queue", () => {
    const scene = new Scene();
    scene.start("one", 7);
    scene.start("two", 7);
    scene.driver.execute(keyOf("two"), cancelRun, { reason: "", noCompensate: false });
    scene.driver.deliverAll();
    scene.complete("one");
    scene.start("three", 7);
    assert.equal(scene.status("three"), running);
    assert.equal(scene.heldCount("all"), 1);
  });

  it("a delayed run requests its limits when it is due", () => {
    const scene = new Scene();
    scene.start("one", 7, scene.driver.nowMs + 60_000);
    assert.equal(scene.heldCount("all"), -1);
    scene.driver.advance(60_000);
    scene.driver.deliverAll();
    assert.equal(scene.status("one"), running);
  });

  it("a lost lease is acquired again while the run continues", () => {
    const scene = new Scene();
    scene.start("one", 7);
    const renewal = scene.driver.effects.find(({ effect }) => (effect as RunEffect).kind === "renew_lease");
    assert.ok(renewal !== undefined);
    const { leases } = renewal.effect as Extract<RunEffect, { kind: "renew_lease" }>;
    assert.deepEqual(
      leases.map(({ limit: id }) => id),
      ["all", "customer-7"],
    );
    scene.driver.settle(renewal, loseLease, { limit: "all", ticket: leases[0]?.ticket ?? 0 });
    scene.driver.deliverAll();
    assert.deepEqual([scene.status("one"), scene.heldCount("all")], [running, 1]);
  });

  it("a retried run acquires them again before it continues", () => {
    const scene = new Scene();
    scene.start("one", 7);
    const snapshot = scene.machine.snapshots.encode(scene.driver.state(keyOf("one"), scene.machine));
    const restarts = [
      () => scene.driver.execute(keyOf("one"), retryRun, { taskIds: [], reason: "", inputs: [] }),
      () => scene.driver.execute(keyOf("one"), resetRun, ResetRun.fromPartial({ toEvent: 1, snapshot })),
    ];
    for (const [place, resume] of restarts.entries()) {
      const other = `other-${place}`;
      scene.driver.execute(keyOf("one"), cancelRun, { reason: "", noCompensate: false });
      scene.driver.deliverAll();
      assert.equal(scene.heldCount("customer-7"), 0);
      scene.start(other, 7);
      resume();
      scene.driver.deliverAll();
      assert.deepEqual([scene.status("one"), scene.status(other)], [pending, running]);
      scene.driver.execute(keyOf(other), cancelRun, { reason: "", noCompensate: false });
      scene.driver.deliverAll();
      assert.deepEqual([scene.status("one"), scene.heldCount("customer-7")], [running, 1]);
    }
    scene.complete("one");
    assert.deepEqual([scene.heldCount("all"), scene.heldCount("customer-7")], [0, 0]);
  });

  it("a reset of a running run keeps its limits", () => {
    const scene = new Scene();
    scene.start("one", 7);
    const snapshot = scene.machine.snapshots.encode(scene.driver.state(keyOf("one"), scene.machine));
    scene.driver.execute(keyOf("one"), resetRun, ResetRun.fromPartial({ toEvent: 1, snapshot }));
    scene.driver.deliverAll();
    assert.deepEqual([scene.status("one"), scene.heldCount("customer-7")], [running, 1]);
    assert.ok(scene.driver.effects.some(({ effect }) => (effect as RunEffect).kind === "renew_lease"));
  });

  it("are renewed during compensation, and released at the end", () => {
    const scene = new Scene(undoing);
    scene.start("one", 7);
    scene.complete("one");
    scene.driver.execute(keyOf("one"), cancelRun, { reason: "", noCompensate: false });
    scene.driver.deliverAll();
    assert.equal(scene.status("one"), WorkStatus.WORK_STATUS_CANCELLING);
    const renewal = scene.driver.effects.find(({ effect }) => (effect as RunEffect).kind === "renew_lease");
    assert.ok(renewal !== undefined, "no other run starts at the same time");
    const { leases } = renewal.effect as Extract<RunEffect, { kind: "renew_lease" }>;
    scene.driver.settle(renewal, loseLease, { limit: "all", ticket: leases[0]?.ticket ?? 0 });
    scene.driver.deliverAll();
    assert.equal(scene.heldCount("all"), 1);
    scene.complete("one");
    assert.equal(scene.status("one"), WorkStatus.WORK_STATUS_CANCELLED);
    assert.deepEqual([scene.heldCount("all"), scene.heldCount("customer-7")], [0, 0]);
  });
});
