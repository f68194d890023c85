import assert from "node:assert/strict";
import { describe } from "node:test";
import { MissionPhase } from "@tutti/contracts/swarm/v1";
import { TaskStatus } from "@tutti/contracts/types/v1";
import { machineConformance } from "@tutti/kernel/testing";
import { isDone, kinds } from "@tutti/machine-work";
import { limitOf } from "../src/core/budget/accounting.ts";
import { isBlocked } from "../src/core/state/state.ts";
import { explainMission, mission } from "../src/index.ts";
import { operations, resultOf } from "../src/testing/operations/index.ts";

describe("missions", () => {
  machineConformance({
    machines: [mission],
    service: "swarm",
    commands: operations(),
    resultOf,
    pauseMaxMs: 8_000,
    sequences: 200,
    stepsMax: 260,
    golden: new URL("../golden/", import.meta.url),
    // They leave their attempt outstanding, need a thousand tasks, or several conditions: separate tests
    // cover them.
    rare: [
      "note_attempt",
      "note_progress",
      "note_model_calls",
      "model_calls_noted v1",
      "attempt_begun v1",
      "attempt_progressed v1",
      "mission_put_off v1",
      "task_resumed v1",
      "output_questioned v1",
      "budget_spent v1",
      "budget_raised v1",
    ],
    invariant(driver) {
      for (const key of driver.keys) {
        const state = driver.state(key, mission);
        const limit = limitOf(state);
        for (const kind of kinds) {
          assert.ok(
            state.spent[kind] >= 0 && state.reserved[kind] >= 0,
            "nothing is spent that was not there",
          );
          if (limit[kind] > 0)
            assert.ok(
              state.spent[kind] + state.reserved[kind] <= limit[kind] + 1e-6,
              `${kind}: no more is spent and set aside than there is`,
            );
        }
        const sum = state.counts.reduce((all, count) => all + count, 0);
        assert.equal(sum, state.tasks.length, "every task is counted once");
        const isAtIt =
          state.phase === MissionPhase.MISSION_PHASE_GOING && !isBlocked(state) && state.putOffMs === 0;
        if (isAtIt) assert.equal(state.agenda.size, 0, "every task that can start has started");
        for (const { vote } of state.votes.values())
          assert.equal(
            new Set(vote.ballots.map(({ agentId }) => agentId)).size,
            vote.ballots.length,
            "a vote counts once",
          );
        for (const numbers of state.gangs.values()) {
          const members = numbers.flatMap((number) => state.tasks[number] ?? []);
          const fresh = members.filter(({ status, attempt }) => !isDone(status) && attempt === 0);
          assert.ok(new Set(fresh.map(({ status }) => status)).size <= 1, "a gang is offered as a whole");
          const openMembers = members.filter(
            ({ status, isWithdrawn }) => !isDone(status) && !isWithdrawn,
          ).length;
          for (const { status, gang } of members)
            if (status === TaskStatus.TASK_STATUS_QUEUED)
              assert.ok(
                (gang?.size ?? 1) + (gang?.elsewhere ?? 0) >= openMembers,
                "an offer counts all that have not ended",
              );
        }
        for (const task of state.tasks) {
          const isRunning = task.status === TaskStatus.TASK_STATUS_RUNNING;
          assert.equal(isRunning && task.isClaimed, task.leaseDueMs > 0, "who has a claim has a lease");
        }
        const { summary } = driver.query(key, explainMission, { taskId: "" }) as { summary: string };
        assert.notEqual(summary, "", "it ends, or says why it waits");
      }
    },
  });
});
