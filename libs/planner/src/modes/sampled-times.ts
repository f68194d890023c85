import { Draws } from "../chance/draws.ts";
import type { Graph } from "../graph/graph.ts";
import { type Problem, prepare } from "../work/problem.ts";
import type { Beliefs } from "./believed.ts";
import type { Situation } from "./situation.ts";

/** One possible course: the duration of each task, and the tasks that are found. */
export interface SampledCase {
  readonly problem: Problem;
  readonly beliefs: Beliefs;
  /** For each task the task of the situation that it is, or is like. */
  readonly likeOf: readonly number[];
  /** Agents in the order of their last use. */
  readonly lastUseOrder: readonly number[];
}

/** Bound of found tasks: a multiple of the known ones, and an absolute number. */
const foundMost = { times: 50, tasks: 1_000 } as const;

/** Returns cases in mirrored pairs: long tasks in one are short in the other. So few give a good mean. */
export function sampledCases(situation: Situation, count: number, draws: Draws): readonly SampledCase[] {
  const kinds = situation.kindOf.reduce((most, kind) => Math.max(most, kind + 1), 0);
  const cases: SampledCase[] = [];
  for (let pair = 0; pair < count; pair += 2) {
    const seed = draws.below(2 ** 31);
    for (const sign of pair + 1 < count ? [1, -1] : [1])
      cases.push(sampledCase(situation, kinds, sign, new Draws(seed)));
  }
  return cases;
}

function sampledCase(situation: Situation, kinds: number, sign: number, draws: Draws): SampledCase {
  const lastUseOrder = shuffled(situation.problem.agents, draws);
  const ofKind = Float64Array.from({ length: kinds }, () => draws.normal());
  const { finders, foundBy } = foundIn(situation, draws);
  const from = (task: number) => finders[task] ?? task;
  const size = finders.length;
  const pick = (values: ArrayLike<number>) =>
    Float64Array.from({ length: size }, (_, task) => values[from(task)] ?? 0);
  const beliefs = {
    mediansMs: pick(situation.mediansMs),
    kindVariance: pick(situation.kindVariance),
    ownVariance: pick(situation.ownVariance),
    kindOf: Uint32Array.from({ length: size }, (_, task) => situation.kindOf[from(task)] ?? 0),
  };
  const sizesMs = beliefs.mediansMs.map((medianMs, task) => {
    const kind = Math.sqrt(beliefs.kindVariance[task] ?? 0) * (ofKind[beliefs.kindOf[task] ?? 0] ?? 0);
    const own = Math.sqrt(beliefs.ownVariance[task] ?? 0) * draws.normal();
    return medianMs * Math.exp(sign * (kind + own));
  });
  const { problem } = situation;
  if (size === problem.tasks)
    return { problem: { ...problem, sizesMs }, beliefs, likeOf: finders, lastUseOrder };
  const prepared = prepare(
    {
      graph: extended(problem.after, foundBy),
      sizesMs,
      demands: pick(problem.demands),
      releaseMs: pick(problem.releaseMs),
      moveMs: pick(problem.moveMs),
      grown: Uint8Array.from({ length: size }, (_, task) => (task < problem.tasks ? 0 : 1)),
    },
    situation.fleet,
  );
  if ("impossible" in prepared)
    throw new RangeError("expected what is found to be as possible as what finds it");
  return { problem: prepared.problem, beliefs, likeOf: finders, lastUseOrder };
}

function shuffled(size: number, draws: Draws): readonly number[] {
  const all = Array.from({ length: size }, (_, at) => at);
  for (let at = size - 1; at > 0; at--) {
    const other = draws.below(at + 1);
    [all[at], all[other]] = [all[other] ?? 0, all[at] ?? 0];
  }
  return all;
}

/** Returns all tasks at the end: each with its model, and found tasks with their finders. */
function foundIn({ finds, problem }: Situation, draws: Draws) {
  const finders = Array.from({ length: problem.tasks }, (_, task) => task);
  const foundBy: number[] = [];
  const most = Math.min(foundMost.tasks, problem.tasks * foundMost.times);
  for (let task = 0; task < finders.length && foundBy.length < most; task++) {
    const like = finders[task] ?? 0;
    // A geometric distribution: the same mean, and sometimes many.
    const mean = finds[like] ?? 0;
    while (mean > 0 && draws.next() < mean / (1 + mean) && foundBy.length < most) {
      finders.push(like);
      foundBy.push(task);
    }
  }
  return { finders, foundBy };
}

function extended({ offsets, targets }: Graph, foundBy: readonly number[]): Graph {
  const known = Math.max(0, offsets.length - 1);
  const after: number[][] = Array.from({ length: known + foundBy.length }, (_, task) =>
    task < known
      ? Array.from(
          { length: (offsets[task + 1] ?? 0) - (offsets[task] ?? 0) },
          (__, at) => targets[(offsets[task] ?? 0) + at] ?? 0,
        )
      : [],
  );
  foundBy.forEach((finder, number) => {
    after[finder]?.push(known + number);
  });
  const starts = [0];
  for (const those of after) starts.push((starts.at(-1) ?? 0) + those.length);
  return { offsets: starts, targets: after.flat() };
}
