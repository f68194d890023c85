/** Position of a node: its range, its task, its id for people. Computed from its number alone. */

import { TaskStatus } from "@tutti/contracts/types/v1";
import { RunPhase } from "@tutti/contracts/workflow/v1";
import type { PlanTask } from "@tutti/definitions";
import { assert } from "@tutti/kernel";
import { stateOfKind, stateOfParts } from "./kind-state.ts";
import type { NodeView, Range, RangeView, Run, RunView } from "./state.ts";

/** Returns the range of a node: the last one that starts before it or with it. */
export function rangeOf(run: Run, number: number): Range {
  return run.ranges[rangePlace(run.ranges, number)] as Range;
}

export function rangeViewOf(run: RunView, number: number): RangeView {
  return run.ranges[rangePlace(run.ranges, number)] as RangeView;
}

/** Returns the place of the range of a node. */
export function rangePlace(
  ranges: readonly { readonly first: number; readonly count: number }[],
  number: number,
): number {
  let low = 0;
  let high = ranges.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((ranges[middle]?.first ?? 0) <= number) low = middle;
    else high = middle - 1;
  }
  const found = ranges[low];
  assert(
    found !== undefined && number >= found.first && number < found.first + found.count,
    "a node is in a range",
    { number },
  );
  return low;
}

/** Returns the number of the task of a node in the plan of its range. */
export function taskNumberOf({ isEntries, firstTask, first }: RangeView, number: number): number {
  return isEntries ? firstTask : firstTask + number - first;
}

export function taskOf(range: RangeView, number: number): PlanTask {
  return range.plan.task(taskNumberOf(range, number)) as PlanTask;
}

/** Returns the number of the node of a task in a range's scope. */
export function nodeOfTask(range: RangeView, task: number): number {
  return range.first + task - range.firstTask;
}

/** Returns the status of a node, even if nothing has happened to it. */
export function statusOfNode(run: RunView, number: number): TaskStatus {
  const node = run.nodes[number];
  if (node !== undefined) return node.status;
  const range = rangeViewOf(run, number);
  if (!range.isEntries && range.open[number - range.first] === -1) return TaskStatus.TASK_STATUS_SKIPPED;
  const isOver =
    run.phase === RunPhase.RUN_PHASE_UNDOING || run.phase === RunPhase.RUN_PHASE_ENDED || range.isDropped;
  return isOver ? TaskStatus.TASK_STATUS_CANCELLED : TaskStatus.TASK_STATUS_PENDING;
}

/**
 * Returns the number of the latest attempt of a node. For an untouched node, the number before its first
 * attempt.
 */
export function attemptOf({ nodes, more }: RunView, number: number): number {
  return nodes[number]?.attempt ?? more?.attemptsBefore ?? 0;
}

/** Returns the id of a node: `ship`, `ship[3]` for an entry, `poll#2.fetch` in a round. */
export function taskIdOf(run: RunView, number: number): string {
  const range = rangeViewOf(run, number);
  return taskIdIn(run, range, number);
}

export function taskIdIn(run: RunView, range: RangeView, number: number): string {
  if (range.isEntries) return `${taskIdOf(run, range.owner)}[${number - range.first}]`;
  const { id } = taskOf(range, number);
  if (range.owner >= 0 && !isAdded(range)) return `${taskIdOf(run, range.owner)}#${range.round}.${id}`;
  return range.round > 1 ? `${id}#${range.round}` : id;
}

/** Returns the number of the node with this id. Undefined if there is none. */
export function findNode(run: RunView, id: string): number | undefined {
  const direct = findIn(run, id);
  if (direct !== undefined) return direct;
  const entry = /^(.*)\[(\d+)\]$/.exec(id);
  if (entry !== null) return findPart(run, entry[1] ?? "", (range) => range.isEntries, Number(entry[2]));
  const hash = id.lastIndexOf("#");
  if (hash < 0) return undefined;
  const dot = id.indexOf(".", hash);
  const round = Number(id.slice(hash + 1, dot < 0 ? undefined : dot));
  if (dot < 0) return findIn(run, id.slice(0, hash), round);
  const owner = findNode(run, id.slice(0, hash));
  if (owner === undefined) return undefined;
  const name = id.slice(dot + 1);
  const range = run.ranges.findLast(
    (each) => each.owner === owner && !each.isEntries && each.round === round,
  );
  const task = range?.plan.taskNamed(range.scope, name);
  return range === undefined || task === undefined ? undefined : nodeOfTask(range, task);
}

/** Searches tasks that are parts of nothing, or of an addition. */
function findIn(run: RunView, id: string, round?: number): number | undefined {
  for (let place = run.ranges.length - 1; place >= 0; place--) {
    const range = run.ranges[place];
    if (range === undefined || range.isEntries || (range.owner >= 0 && !isAdded(range))) continue;
    if (round === undefined ? range.round > 1 : range.round !== round) continue;
    const task = range.plan.taskNamed(range.scope, id);
    if (task !== undefined) return nodeOfTask(range, task);
  }
  return undefined;
}

function findPart(
  run: RunView,
  ownerId: string,
  is: (range: RangeView) => boolean,
  index: number,
): number | undefined {
  const owner = findNode(run, ownerId);
  const parts = owner === undefined ? 0 : (stateOfParts(run.nodes[owner])?.parts ?? 0);
  const range = parts === 0 ? undefined : run.ranges[parts];
  return range === undefined || !is(range) || index >= range.count ? undefined : range.first + index;
}

/** Returns whether a range contains added tasks: their ids have no prefix of an owner. */
export function isAdded({ planPlace, scope }: Pick<RangeView, "planPlace" | "scope">): boolean {
  return planPlace > 0 && scope === 0;
}

/** Returns the ranges that are parts of a node: one, or all that were added to it since it started. */
export function partRanges(run: RunView, node: NodeView | undefined): readonly RangeView[] {
  const parts = stateOfParts(node)?.parts ?? 0;
  const first = run.ranges[parts];
  if (node === undefined || parts === 0 || first === undefined) return [];
  if (!isAdded(first)) return [first];
  return run.ranges.slice(parts).filter((range) => range.owner === node.number && isAdded(range));
}

/**
 * Returns the places of the ranges that affect the status of the run. Ranges of a visit whose task was
 * repeated do not: their ids now belong to other nodes.
 */
export function currentRanges(run: RunView): ReadonlySet<number> {
  const latest = new Map<string, number>();
  for (const [place, { owner, round }] of run.ranges.entries()) latest.set(`${owner}#${round}`, place);
  const current = new Set<number>();
  for (const [place, range] of run.ranges.entries()) {
    if (range.owner < 0) current.add(place);
    else if (current.has(rangePlace(run.ranges, range.owner)) && isOfThisVisit(run, range, place, latest))
      current.add(place);
  }
  return current;
}

function isOfThisVisit(
  { nodes }: RunView,
  range: RangeView,
  place: number,
  latest: ReadonlyMap<string, number>,
): boolean {
  const { parts = 0 } = stateOfParts(nodes[range.owner]) ?? {};
  const { round = 0 } = stateOfKind(nodes[range.owner], "loop") ?? {};
  if (parts === 0) return false;
  if (range.isEntries) return place === parts;
  if (isAdded(range)) return place >= parts;
  return range.round <= round && place === latest.get(`${range.owner}#${range.round}`);
}

/** Returns the node that a task needs: a sibling, or one that existed before the task was added. */
export function sourceNode(run: RunView, range: RangeView, task: number): number {
  const { tasks, outside } = range.plan.plan;
  const outsideIndex = task - (tasks.length - outside.length);
  if (outsideIndex < 0 || range.planPlace === 0) return range.first + task - range.firstTask;
  return run.more?.additions[range.planPlace - 1]?.outside[outsideIndex] ?? -1;
}

/** Returns the entries that a node has started. Undefined if it has none. */
export function partsOf(run: RunView, node: NodeView | undefined): RangeView | undefined {
  const parts = stateOfParts(node)?.parts ?? 0;
  return parts === 0 ? undefined : run.ranges[parts];
}
