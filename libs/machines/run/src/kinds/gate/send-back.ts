/** Sends work back, and returns all reports if the limit is reached. */
import { type Amounts, type ErrorDetail, TaskStatus } from "@tutti/contracts/types/v1";
import type { Refusal } from "@tutti/kernel";
import { detailLengthMax, detailOfRefusal, isDone, truncate } from "@tutti/machine-work";
import { visibleNode } from "../../core/evaluate/scene.ts";
import { closureOf } from "../../core/node/reopen.ts";
import { type Place, placeOf, sceneOf } from "../../core/node/task-kind.ts";
import { rangeViewOf } from "../../core/state/places.ts";
import type { Run, RunView } from "../../core/state/state.ts";
import { stopChildOf } from "../child/stopping.ts";
import { holderOf, workSentBack } from "./events.ts";

export interface SendBack {
  /** Task of the plan that is repeated. */
  readonly task: number;
  readonly times: number;
  /** Names of the failed checks. */
  readonly checks: readonly string[];
  /** The report for the target, as JSON. */
  readonly report: Uint8Array;
  /** Amounts that were used for the rejected output. */
  readonly used?: Amounts | undefined;
}

/** Sends work back. Returns false if the limit is reached. */
export function sendBack(place: Place, { task, times, checks, report, used }: SendBack): boolean {
  const { step, budget } = place;
  const target = targetOf(place, task);
  if (target < 0 || sentBackOf(place, task) >= times) return false;
  budget.spend(report.length);
  stopChildren(place, [target]);
  const { number } = place;
  step.emit(workSentBack, {
    node: number,
    target,
    report,
    checks: [...checks],
    sendBackMs: step.nowMs,
    used,
  });
  return true;
}

/**
 * Returns the target node. If a task with entries sends itself back, the target is the entry itself. -1 for
 * none.
 */
function targetOf(place: Place, task: number): number {
  const { range } = place;
  if (task < 0) return -1;
  return range.isEntries && range.firstTask === task ? place.number : visibleNode(sceneOf(place), task);
}

function holderOfTask(place: Place, task: number): number {
  return holderOf(place, task < 0 ? place.number : targetOf(place, task));
}

/** Returns how often this node has sent work back. */
export function sentBackOf(place: Place, task: number): number {
  const holder = holderOfTask(place, task);
  return place.run.nodes[holder]?.more?.review?.sentBack ?? 0;
}

/** Returns the error of the last visit, with all kept reports and the last one. */
export function errorWithReports(
  place: Place,
  task: number,
  refusal: Refusal,
  last: Uint8Array,
): ErrorDetail {
  const holder = holderOfTask(place, task);
  const earlier = place.run.nodes[holder]?.more?.review?.reports ?? [];
  const all = [...earlier, truncate(new TextDecoder().decode(last), detailLengthMax)];
  const first = sentBackOf(place, task) - earlier.length;
  const details = Object.fromEntries(all.map((report, index) => [`report.${first + index + 1}`, report]));
  const error = detailOfRefusal(refusal);
  return { ...error, details: { ...error.details, ...details } };
}

/** Stops the children of tasks that are repeated. */
export function stopChildren({ run, step, budget, number }: Stopped, targets: Iterable<number>): void {
  const reopened = closureOf(run as Run, new Set(targets));
  for (const node of run.nodes) {
    if (node === undefined || node.number === number || isDone(node.status)) continue;
    if (node.status === TaskStatus.TASK_STATUS_PENDING || !isWithin(run, reopened, node.number)) continue;
    const place = placeOf(run, node.number, step, budget);
    stopChildOf(place, "cancel");
  }
}

/** `number` is the node that emits the event itself; -1 for none. */
type Stopped = Pick<Place, "run" | "step" | "budget" | "number">;

/** Returns whether a node is one of the nodes, or a part of one. */
export function isWithin(run: RunView, nodes: ReadonlySet<number>, number: number): boolean {
  for (let current = number; current >= 0; current = rangeViewOf(run, current).owner)
    if (nodes.has(current)) return true;
  return false;
}
