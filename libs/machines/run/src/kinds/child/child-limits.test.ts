import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TaskStatus, WaitCause, WorkStatus } from "@tutti/contracts/types/v1";
import {
  ConfirmChild,
  DeclineLimit,
  EndChild,
  RepairTask,
  ResetRun,
  RunOrder,
} from "@tutti/contracts/workflow/v1";
import { MachineDriver } from "@tutti/kernel/testing";
import { limit, usage } from "@tutti/machine-limit";
import type { StartChild } from "../../core/state/effects.ts";
import { statusOfNode } from "../../core/state/places.ts";
import { statusOf } from "../../core/state/state.ts";
import { beginRun, cancelRun } from "../../life/control/commands.ts";
import { declineLimit } from "../../life/limit/commands.ts";
import { explain } from "../../life/queries/explain.ts";
import { repairTask, resetRun } from "../../life/repair/commands.ts";
import { confirmChild, endChild } from "../../life/results/children.ts";
import { runMachine } from "../../machine.ts";
import { jsonBytes, KnownDefinitions } from "../../testing/index.ts";

const text = `workflow: w
tasks:
  sub:
    workflow: order
    limits: [{key: "customer-\${{ input.customer }}", concurrency: 1}, {key: all, concurrency: 2}]
    retry: {attempts: 2, backoff: 1s}
`;

const keyOf = (id: string) => ({ namespace: "default", kind: "run", id });

class Scene {
  readonly definitions = new KnownDefinitions();
  readonly machine = runMachine({ plans: this.definitions });
  readonly driver = new MachineDriver({ machines: [this.machine, limit], service: "workflow", seed: 1 });
  readonly #hash = this.definitions.add(text);

  start(id: string, customer: number): void {
    const order = RunOrder.fromPartial({ hash: this.#hash, input: jsonBytes({ customer }) });
    this.driver.execute(keyOf(id), beginRun, { order });
    this.driver.deliverAll();
  }

  state(id: string) {
    return this.driver.state(keyOf(id), this.machine);
  }

  /** Runs whose child was requested. */
  get started(): readonly string[] {
    return this.driver.effects.flatMap(({ key, effect }) =>
      (effect as StartChild).kind === "start_child" ? [key.id] : [],
    );
  }

  get renewed(): readonly string[] {
    return this.driver.effects.flatMap(({ key, effect }) =>
      (effect as { kind: string }).kind === "renew_lease" ? [key.id] : [],
    );
  }

  confirm(id: string): string {
    const found = this.driver.effects.find(
      ({ key, effect }) => key.id === id && (effect as StartChild).kind === "start_child",
    );
    assert.ok(found !== undefined, "a child is asked for");
    const { childId } = found.effect as StartChild;
    this.driver.settle(found, confirmChild, ConfirmChild.fromPartial({ id: childId, hash: "h" }));
    return childId;
  }

  endChild(id: string, childId: string, status: WorkStatus = WorkStatus.WORK_STATUS_COMPLETED): void {
    const ending = { runId: childId, status };
    this.driver.execute(keyOf(id), endChild, EndChild.fromPartial({ taskId: "sub", ending }));
    this.driver.deliverAll();
  }

  heldCount(id: string): number {
    const found = this.driver.query({ namespace: "default", kind: "limit", id }, usage, undefined);
    return "holdCount" in found ? found.holdCount : -1;
  }
}

describe("limits of children", () => {
  it("are acquired before the child starts, and released when it ends", () => {
    const scene = new Scene();
    scene.start("one", 7);
    scene.start("two", 7);
    scene.start("three", 8);
    assert.deepEqual(
      scene.started,
      ["one"],
      "the second holds what all share while it waits for its customer",
    );
    assert.deepEqual([scene.heldCount("all"), scene.heldCount("customer-7")], [2, 1]);
    const explanation = scene.driver.query(keyOf("two"), explain, { taskId: "sub" }) as {
      waits: { cause: number }[];
    };
    assert.deepEqual(
      explanation.waits.map(({ cause }) => cause),
      [WaitCause.WAIT_CAUSE_LIMIT],
    );
    scene.endChild("one", scene.confirm("one"));
    assert.equal(statusOf(scene.state("one")), WorkStatus.WORK_STATUS_COMPLETED);
    assert.deepEqual([...scene.started].sort(), ["three", "two"]);
    assert.deepEqual([...scene.renewed].sort(), ["three", "two"]);
    for (const id of ["two", "three"]) scene.endChild(id, scene.confirm(id));
    assert.deepEqual([scene.heldCount("all"), scene.heldCount("customer-7"), scene.renewed], [0, 0, []]);
  });

  it("are released by a failed attempt, and requested again by the next attempt", () => {
    const scene = new Scene();
    scene.start("one", 7);
    const child = scene.confirm("one");
    scene.start("two", 7);
    scene.endChild("one", child, WorkStatus.WORK_STATUS_FAILED);
    assert.deepEqual(scene.started, ["two"]);
    scene.driver.advance(3_600_000);
    scene.driver.deliverAll();
    assert.equal(statusOfNode(scene.state("one"), 0), TaskStatus.TASK_STATUS_WAITING);
    // They were not renewed meanwhile: other runs get permits that a holder no longer claims.
    assert.ok(scene.heldCount("customer-7") <= 1);
  });

  it("are released by a task that is cancelled or repaired while it waits", () => {
    const scene = new Scene();
    scene.start("one", 7);
    scene.start("two", 7);
    scene.start("three", 7);
    scene.driver.execute(keyOf("two"), cancelRun, { reason: "", noCompensate: false });
    const repair = {
      $case: "output" as const,
      value: { body: { $case: "inline" as const, value: jsonBytes(1) } },
    };
    scene.driver.execute(keyOf("three"), repairTask, RepairTask.fromPartial({ taskId: "sub", repair }));
    const sent = scene.driver.messages.map(({ type }) => type);
    assert.ok(
      sent.every((type) => type === "release"),
      `there is no child to cancel: ${sent.join(" ")}`,
    );
    scene.driver.deliverAll();
    scene.endChild("one", scene.confirm("one"));
    assert.deepEqual([scene.heldCount("all"), scene.heldCount("customer-7")], [0, 0]);
  });

  it("fail the attempt if they are declined for good, and are requested again otherwise", () => {
    const scene = new Scene();
    scene.start("one", 7);
    scene.start("two", 7);
    const decline = (retryAfterMs: number) =>
      scene.driver.execute(
        keyOf("two"),
        declineLimit,
        DeclineLimit.fromPartial({
          ...{ limit: "customer-7", task: "sub", code: "limit.queue_full", message: "full", retryAfterMs },
        }),
      );
    decline(1_000);
    assert.equal(statusOfNode(scene.state("two"), 0), TaskStatus.TASK_STATUS_WAITING);
    scene.driver.advance(1_000);
    assert.deepEqual(
      scene.driver.messages.map(({ type, to }) => [type, to.id]),
      [["acquire", "customer-7"]],
    );
    decline(0);
    assert.equal(scene.state("two").error?.code, "limit.queue_full");
    scene.driver.deliverAll();
    assert.equal(scene.heldCount("all"), 1, "what it held beside is given back");
  });

  it("are acquired again after a reset to a time when the child was running", () => {
    const scene = new Scene();
    scene.start("one", 7);
    const child = scene.confirm("one");
    const snapshot = scene.machine.snapshots.encode(scene.state("one"));
    const { length } = scene.driver.history(keyOf("one"));
    scene.driver.execute(keyOf("one"), resetRun, ResetRun.fromPartial({ toEvent: length, snapshot }));
    scene.driver.deliverAll();
    assert.equal(scene.confirm("one"), child, "the same child, which continues");
    assert.deepEqual([scene.heldCount("all"), scene.heldCount("customer-7")], [1, 1]);
    scene.endChild("one", child);
    assert.deepEqual([scene.heldCount("all"), scene.heldCount("customer-7")], [0, 0]);
  });
});
