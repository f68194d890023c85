import assert from "node:assert/strict";
import { describe } from "node:test";
import { TaskStatus } from "@tutti/contracts/types/v1";
import { RunPhase } from "@tutti/contracts/workflow/v1";
import type { ReadOnly } from "@tutti/kernel";
import { machineConformance } from "@tutti/kernel/testing";
import { bytesOf } from "@tutti/machine-work";
import { stateOfKind, stateOfParts } from "../src/core/state/kind-state.ts";
import { type Run, runMachine } from "../src/index.ts";
import { checkLent, KnownDefinitions, operations, resultOf, runService } from "../src/testing/index.ts";
import { others } from "./receivers.ts";

describe("runs", () => {
  const known = new KnownDefinitions();
  const run = runMachine({ plans: known });
  const commands = operations(known);

  machineConformance({
    // They send messages to each other. Commands of limits, objects and the cache are drawn with these.
    machines: [run, ...others],
    service: runService,
    commands,
    resultOf,
    pauseMaxMs: 8_000,
    sequences: 900,
    stepsMax: 90,
    golden: new URL("../golden/", import.meta.url),
    // They leave their attempt outstanding, need an earlier state, or a thousand tasks: separate tests cover
    // them.
    rare: [
      ...others.flatMap(({ commands: known }) => known.map(({ type }) => type)),
      ...others.flatMap(({ events }) => events.map(({ type, version }) => `${type} v${version}`)),
      ...["note_attempt", "note_progress", "note_model_calls", "reset_run"],
      ...["attempt_started v1", "progress_saved v1", "model_calls_noted v1"],
      ...["check_computing", "cache_awaited v1"],
      ...["run_reset v1", "run_put_off v1", "child_refused v1"],
    ],
    invariant(driver) {
      for (const key of driver.keys.filter(({ kind }) => kind === "run")) {
        const state = driver.state(key, run);
        const total = state.counts.reduce((sum, count) => sum + count, 0);
        assert.equal(total, state.nodeCount, "every node is counted once");
        assert.ok(state.counts.every((count) => count >= 0));
        const isAtIt =
          state.phase === RunPhase.RUN_PHASE_GOING && state.pauseMs === 0 && state.putOffMs === 0;
        const isPaidAlone = state.reserved !== undefined;
        if (isAtIt && !isPaidAlone)
          assert.equal(state.agendaAt, state.agenda.length, "every task that can start has started");
        checkBudget(state);
        checkLent(state);
        let expectedBytes = 0;
        for (const node of state.nodes) {
          const earlierEffect = node?.more?.undo?.earlierEffect;
          expectedBytes += node === undefined || node.inputFollows ? 0 : bytesOf(node.input).length;
          expectedBytes += stateOfKind(node, "function")?.journal.bytes ?? 0;
          for (const data of [node?.output, earlierEffect?.input, earlierEffect?.output])
            expectedBytes += bytesOf(data).length;
        }
        assert.equal(state.storedBytes, expectedBytes);
        if (isAtIt && state.plan?.plan.kind === "tasks")
          assert.ok(
            state.nodes.some((node) => isGoingOn(state, node)),
            "something of it is running, or waits",
          );
        let remaining = 0;
        for (const range of state.ranges) if (range.owner < 0) remaining += range.remaining;
        assert.equal(state.remaining, remaining);
      }
    },
  });
});

/** Checks that reserved amounts belong to running work, and do not exceed the budget. */
function checkBudget({ nodes, reserved, order }: ReadOnly<Run>): void {
  const {
    TASK_STATUS_QUEUED: queued,
    TASK_STATUS_RUNNING: running,
    TASK_STATUS_WAITING: waiting,
  } = TaskStatus;
  for (const kind of ["tokens", "money", "timeMs"] as const) {
    const sum = nodes.reduce((all, node) => all + (node?.more?.reserved?.[kind] ?? 0), 0);
    assert.equal(reserved?.[kind] ?? 0, sum);
    assert.ok(sum <= (order?.budget?.[kind] ?? 0), "no more is set aside than there is");
  }
  for (const node of nodes)
    if (node?.more?.reserved !== undefined)
      assert.ok(
        [queued, running, waiting].some((status) => status === node.status),
        "it is running",
      );
}

/** Returns whether a node is running, is executed elsewhere, or waits for something other than its parts. */
function isGoingOn({ ranges }: ReadOnly<Run>, node: ReadOnly<Run>["nodes"][number]): boolean {
  if (node === undefined) return false;
  const { status, more } = node;
  if (status === TaskStatus.TASK_STATUS_PENDING) return more?.isWithdrawn === true;
  const parts = stateOfParts(node)?.parts ?? 0;
  if (status === TaskStatus.TASK_STATUS_WAITING && parts > 0)
    return ranges[parts]?.remaining === 0 && (more?.dueMs ?? 0) > 0;
  return status >= TaskStatus.TASK_STATUS_HELD && status <= TaskStatus.TASK_STATUS_PAUSED;
}
