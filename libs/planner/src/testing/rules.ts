import assert from "node:assert/strict";
import { durationMs, type Problem } from "../work/problem.ts";

interface Done {
  readonly agentOf: ArrayLike<number>;
  readonly startMs: ArrayLike<number>;
  readonly endMs: ArrayLike<number>;
}

const tiny = 1e-9;

/** Checks a plan, or an execution, against all rules. */
export function checkRules(problem: Problem, { agentOf, startMs, endMs }: Done): void {
  const { tasks, before, releaseMs, moveMs, pinned, agents, agentOfSlot, slotFromMs, slotUntilMs } = problem;
  const start = (task: number) => startMs[task] ?? Number.NaN;
  const end = (task: number) => endMs[task] ?? Number.NaN;
  for (let task = 0; task < tasks; task++) {
    const agent = agentOf[task] ?? -1;
    let readyMs = releaseMs[task] ?? 0;
    for (let edge = before.offsets[task] ?? 0; edge < (before.offsets[task + 1] ?? 0); edge++) {
      const need = before.targets[edge] ?? 0;
      assert.ok(start(task) >= end(need) - tiny, `task ${task} begins before ${need} has ended`);
      readyMs = Math.max(readyMs, end(need) + (agentOf[need] === agent ? 0 : (moveMs[need] ?? 0)));
    }
    const taskMs = durationMs(problem, task, agent);
    assert.ok(taskMs < Number.POSITIVE_INFINITY, `agent ${agent} cannot do task ${task}`);
    assert.ok(start(task) >= (releaseMs[task] ?? 0) - tiny, `task ${task} starts before its release`);
    const endsMs = Math.max(start(task), readyMs) + taskMs;
    assert.ok(Math.abs(end(task) - endsMs) < 1e-6, `task ${task} ends at ${end(task)}, expected ${endsMs}`);
    if (pinned[task] !== -1) assert.equal(agent, pinned[task]);
  }
  for (let agent = 0; agent < agents; agent++) {
    const slots = [...agentOfSlot.keys()].filter((slot) => agentOfSlot[slot] === agent);
    const own = Array.from({ length: tasks }, (_, task) => task).filter((task) => agentOf[task] === agent);
    for (const task of own) {
      // Counted just after its start: the running tasks, and the present slots.
      const atMs = start(task);
      const atWork = own.filter((other) => start(other) <= atMs + tiny && end(other) > atMs + tiny).length;
      const there = slots.filter((slot) => (slotFromMs[slot] ?? 0) <= atMs + tiny).length;
      assert.ok(atWork <= there, `agent ${agent} is at ${atWork} tasks in ${there} slots at ${atMs}`);
      assert.ok(slots.some((slot) => end(task) <= (slotUntilMs[slot] ?? 0) + tiny));
    }
  }
}
