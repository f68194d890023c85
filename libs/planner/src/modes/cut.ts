/**
 * Cuts a graph into parts that suit different modes: chains of short tasks as a run, bags of independent
 * short tasks and tasks that find more as a mission, the rest by a plan.
 *
 * 1. Every task is in exactly one part, and a part has one mode. There are at most as many parts as modes.
 * 2. An edge between parts costs a hop through the session, so regions of a few tasks belong to the part
 *    around them.
 * 3. A graph of one kind is one part: there is nothing to cut.
 */
import { type Graph, sizeOf } from "../graph/graph.ts";
import { reversed } from "../graph/reversed.ts";
import type { Mode } from "./mode.ts";

export type PartMode = Exclude<Mode, "hybrid">;

export interface CutPart {
  readonly mode: PartMode;
  /** In their order. */
  readonly tasks: readonly number[];
  /** Why these tasks are a part, as a text. */
  readonly reason: string;
}

export interface CutQuestion {
  readonly graph: Graph;
  /** Expected times. */
  readonly sizesMs: ArrayLike<number>;
  /** Expected number of finds of each. Absent: none. */
  readonly finds?: ArrayLike<number>;
  /** Shorter tasks are not worth planning. */
  readonly shortMs: number;
  /** Minimum size of a part. Absent: 4. */
  readonly leastTasks?: number;
  /** Minimum number of independent tasks of a bag. Absent: 8. */
  readonly leastBag?: number;
}

const reasons: Readonly<Record<PartMode, string>> = {
  workflow: "short tasks in chains: a run starts each task as soon as the task before it ends",
  swarm: "independent short tasks, or tasks that add tasks: agents claim them as they have free slots",
  intelligence:
    "tasks of different length that depend on each other: a plan sets their order and their agents",
};

export function cut(question: CutQuestion): readonly CutPart[] {
  const size = sizeOf(question.graph);
  const kinds = kindsOfTasks(question);
  absorb(question.graph, kinds, question.leastTasks ?? 4);
  const order: readonly PartMode[] = ["workflow", "swarm", "intelligence"];
  return order.flatMap((mode) => {
    const tasks = Array.from({ length: size }, (_, task) => task).filter((task) => kinds[task] === mode);
    return tasks.length === 0 ? [] : [{ mode, tasks, reason: reasons[mode] }];
  });
}

function kindsOfTasks({ graph, sizesMs, finds, shortMs, leastBag = 8 }: CutQuestion): PartMode[] {
  const size = sizeOf(graph);
  const before = reversed(graph);
  const isShort = (task: number) => (sizesMs[task] ?? 0) < shortMs;
  const bags = bagsOf(graph, before);
  return Array.from({ length: size }, (_, task): PartMode => {
    if ((finds?.[task] ?? 0) > 0) return "swarm";
    if (!isShort(task)) return "intelligence";
    if ((bags.get(keyOf(graph, before, task)) ?? 0) >= leastBag) return "swarm";
    return isLink(graph, before, task) ? "workflow" : "intelligence";
  });
}

/** Returns whether the task is a link of a chain: at most one need and one successor, and not isolated. */
function isLink(graph: Graph, before: Graph, task: number): boolean {
  const needs = degree(before, task);
  const follows = degree(graph, task);
  return needs <= 1 && follows <= 1 && needs + follows > 0;
}

/** Counts the tasks with the same needs and the same successors. */
function bagsOf(graph: Graph, before: Graph): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (let task = 0; task < sizeOf(graph); task++) {
    const key = keyOf(graph, before, task);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function keyOf(graph: Graph, before: Graph, task: number): string {
  return `${neighbours(before, task).join()}>${neighbours(graph, task).join()}`;
}

function degree({ offsets }: Graph, task: number): number {
  return (offsets[task + 1] ?? 0) - (offsets[task] ?? 0);
}

function neighbours(graph: Graph, task: number): readonly number[] {
  const from = graph.offsets[task] ?? 0;
  return Array.from({ length: degree(graph, task) }, (_, at) => graph.targets[from + at] ?? 0);
}

/** Merges small regions into the kind of most of their neighbours. */
function absorb(graph: Graph, kinds: PartMode[], least: number): void {
  const before = reversed(graph);
  const around = (task: number) => [...neighbours(graph, task), ...neighbours(before, task)];
  const visited = new Uint8Array(kinds.length);
  const bags = new Map<string, number[]>();
  for (let task = 0; task < kinds.length; task++) {
    if (visited[task] === 1) continue;
    const region = regionOf(task, kinds, around, visited);
    if (region.length >= least) continue;
    if (region.length === 1 && kinds[task] === "swarm") {
      // Tasks of a bag have no edges among themselves, but are one region.
      const key = keyOf(graph, before, task);
      bags.set(key, [...(bags.get(key) ?? []), task]);
    } else adoptNeighbourKind(region, kinds, around);
  }
  for (const bag of bags.values()) if (bag.length < least) adoptNeighbourKind(bag, kinds, around);
}

function regionOf(
  first: number,
  kinds: readonly PartMode[],
  around: (task: number) => readonly number[],
  visited: Uint8Array,
): readonly number[] {
  const region = [first];
  visited[first] = 1;
  for (const task of region) {
    for (const other of around(task)) {
      if (visited[other] === 1 || kinds[other] !== kinds[task]) continue;
      visited[other] = 1;
      region.push(other);
    }
  }
  return region;
}

function adoptNeighbourKind(
  region: readonly number[],
  kinds: PartMode[],
  around: (task: number) => readonly number[],
): void {
  const own = kinds[region[0] ?? 0];
  const counts = new Map<PartMode, number>();
  for (const task of region) {
    for (const other of around(task)) {
      const kind = kinds[other];
      if (kind !== undefined && kind !== own) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
  }
  const most = [...counts].toSorted(([, one], [, other]) => other - one)[0];
  if (most !== undefined) for (const task of region) kinds[task] = most[0];
}
