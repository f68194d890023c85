/** Sends work back, and says what came of it when that may not be done once more. */
import { type Amounts, type ErrorDetail, TaskStatus } from "@tutti/contracts/types/v1";
import type { Refusal } from "@tutti/kernel";
import { cut, detailLengthMax, detailOfRefusal, isDone } from "@tutti/machine-work";
import { nodeSeen } from "../../core/evaluate/scene.ts";
import { closureOf } from "../../core/node/reopen.ts";
import { type Place, placeOf, sceneOf } from "../../core/node/task-kind.ts";
import { rangeViewOf } from "../../core/state/places.ts";
import type { Run, RunView } from "../../core/state/state.ts";
import { stopChildOf } from "../child/stopping.ts";
import { holderOf, workSentBack } from "./events.ts";

export interface SendBack {
  /** Task of the plan that is done again. */
  readonly task: number;
  readonly times: number;
  /** Names of the checks that did not hold. */
  readonly checks: readonly string[];
  /** The report for the target, as JSON. */
  readonly report: Uint8Array;
  /** Amounts that were used for the rejected output. */
  readonly used?: Amounts | undefined;
}

/** False when work was sent back as often as it may be. */
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

/** Returns the entry itself where a task with entries sends itself back; -1 for none. */
function targetOf(place: Place, task: number): number {
  const { range } = place;
  if (task < 0) return -1;
  return range.isEntries && range.firstTask === task ? place.number : nodeSeen(sceneOf(place), task);
}

function holderOfTask(place: Place, task: number): number {
  return holderOf(place, task < 0 ? place.number : targetOf(place, task));
}

/** Returns how often this node has sent work back. */
export function sentBackOf(place: Place, task: number): number {
  const holder = holderOfTask(place, task);
  return place.run.nodes[holder]?.more?.review?.sentBack ?? 0;
}

/** The error with all reports that are kept and the last one, of the visit that is the last. */
export function errorWithReports(
  place: Place,
  task: number,
  refusal: Refusal,
  last: Uint8Array,
): ErrorDetail {
  const holder = holderOfTask(place, task);
  const kept = place.run.nodes[holder]?.more?.review?.reports ?? [];
  const all = [...kept, cut(new TextDecoder().decode(last), detailLengthMax)];
  const first = sentBackOf(place, task) - kept.length;
  const details = Object.fromEntries(all.map((report, index) => [`report.${first + index + 1}`, report]));
  const error = detailOfRefusal(refusal);
  return { ...error, details: { ...error.details, ...details } };
}

/** Stops the children of tasks that are done again. */
export function stopChildren({ run, step, budget, number }: Stopped, targets: Iterable<number>): void {
  const again = closureOf(run as Run, new Set(targets));
  for (const node of run.nodes) {
    if (node === undefined || node.number === number || isDone(node.status)) continue;
    if (node.status === TaskStatus.TASK_STATUS_PENDING || !isWithin(run, again, node.number)) continue;
    const place = placeOf(run, node.number, step, budget);
    stopChildOf(place, "cancel");
  }
}

/** Its number is that of the node that itself says so; -1 for none. */
type Stopped = Pick<Place, "run" | "step" | "budget" | "number">;

function isWithin(run: RunView, nodes: ReadonlySet<number>, number: number): boolean {
  for (let seen = number; seen >= 0; seen = rangeViewOf(run, seen).owner) if (nodes.has(seen)) return true;
  return false;
}
