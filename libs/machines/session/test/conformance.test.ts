import assert from "node:assert/strict";
import { describe } from "node:test";
import { SessionPhase } from "@tutti/contracts/session/v1";
import { machineConformance } from "@tutti/kernel/testing";
import { experience } from "@tutti/machine-entities/experience";
import { isDone } from "@tutti/machine-work";
import { explainSession, session } from "../src/index.ts";
import { isOpen, type Part } from "../src/state.ts";
import { operations, resultOf } from "../src/testing/index.ts";

describe("sessions", () => {
  machineConformance({
    machines: [session, experience],
    service: "master",
    outside: ["workflow", "swarm"],
    commands: operations(),
    // The other commands of experience are tested with their machine.
    rare: [
      ...["record_experience", "forget_capability", "experience_recorded v1", "capability_forgotten v1"],
      ...["record_training", "promote_model", "roll_back_model", "model_trained v1", "model_changed v1"],
    ],
    resultOf,
    pauseMaxMs: 4_000,
    sequences: 200,
    stepsMax: 200,
    golden: new URL("../golden/", import.meta.url),
    invariant(driver) {
      for (const key of driver.keys) {
        if (key.kind !== "session") continue;
        const state = driver.state(key, session);
        const sum = state.counts.reduce((all, count) => all + count, 0);
        assert.equal(sum, state.tasks.length, "every task is counted once");
        assert.equal(state.remaining, state.tasks.filter(({ status }) => !isDone(status)).length);
        assert.equal(state.openParts, state.parts.filter(isOpen).length);
        const had = state.parts.flatMap((part) => [...part.tasks]);
        assert.equal(new Set(had).size, had.length, "a task is in one part");
        for (const part of state.parts)
          for (const task of part.tasks)
            assert.ok(!part.elsewhere.has(task), "its own tasks are done nowhere else");
        for (const task of state.tasks) {
          const open = task.spec.needs.filter(
            ({ task: id }) => !isDone(state.tasks[state.byId.get(id) ?? -1]?.status ?? 0),
          );
          assert.equal(task.open, open.length);
        }
        const budget = state.order?.spec?.budget?.tokens ?? 0;
        const budgetOf = (part: Part) =>
          (isOpen(part) ? part.budget : (part.used ?? part.budget))?.tokens ?? 0;
        if (budget > 0) {
          const sum = state.parts.reduce((all, part) => all + budgetOf(part), 0);
          assert.ok(sum <= budget, "parts have no more than the budget");
          for (const part of state.parts) assert.ok((part.budget?.tokens ?? 0) > 0, "none is without limit");
        }
        if (state.phase === SessionPhase.SESSION_PHASE_ENDED)
          assert.equal(state.remaining, 0, "nothing is left of what has ended");
        if (state.phase === SessionPhase.SESSION_PHASE_GOING)
          assert.ok(state.openParts > 0, "what has not ended waits for something");
        if (state.order === undefined) continue;
        const { summary } = driver.query(key, explainSession, { taskId: "" }) as { summary: string };
        assert.notEqual(summary, "", "it ends, or says why it waits");
      }
    },
  });
});
