import { durationMs, type Problem } from "../work/problem.ts";

/** Returns the shortest makespan, by trying every order of tasks on every slot. For very small problems. */
export function shortestMs(problem: Problem): number {
  const { tasks, slots, before, moveMs, releaseMs, agentOfSlot, slotFromMs } = problem;
  const slotFree = Float64Array.from(slotFromMs);
  const endMs = new Float64Array(tasks).fill(Number.NaN);
  const slotOf = new Int32Array(tasks).fill(-1);
  let shortest = Number.POSITIVE_INFINITY;

  const needsOf = (task: number) =>
    Array.from(
      { length: (before.offsets[task + 1] ?? 0) - (before.offsets[task] ?? 0) },
      (_, at) => before.targets[(before.offsets[task] ?? 0) + at] ?? 0,
    );

  const visit = (remaining: number, makespan: number) => {
    if (makespan >= shortest) return;
    if (remaining === 0) {
      shortest = makespan;
      return;
    }
    for (let task = 0; task < tasks; task++) {
      const needs = needsOf(task);
      if (slotOf[task] !== -1 || needs.some((need) => slotOf[need] === -1)) continue;
      for (let slot = 0; slot < slots; slot++) {
        const agent = agentOfSlot[slot] ?? 0;
        const taskMs = durationMs(problem, task, agent);
        if (taskMs === Number.POSITIVE_INFINITY) continue;
        let startMs = Math.max(slotFree[slot] ?? 0, releaseMs[task] ?? 0);
        for (const need of needs) {
          const isSameAgent = agentOfSlot[slotOf[need] ?? 0] === agent;
          startMs = Math.max(startMs, (endMs[need] ?? 0) + (isSameAgent ? 0 : (moveMs[need] ?? 0)));
        }
        const freeBefore = slotFree[slot] ?? 0;
        slotFree[slot] = startMs + taskMs;
        endMs[task] = startMs + taskMs;
        slotOf[task] = slot;
        visit(remaining - 1, Math.max(makespan, startMs + taskMs));
        slotFree[slot] = freeBefore;
        slotOf[task] = -1;
      }
    }
  };
  visit(tasks, 0);
  return shortest;
}
