/** Builds offers to a pool from the state alone. */

import { TaskStatus } from "@tutti/contracts/types/v1";
import { type Data, isDone, withContent } from "@tutti/machine-work";
import { visibleNode } from "../evaluate/scene.ts";
import { remainingForTask } from "../node/budget.ts";
import type { OfferTask } from "../state/effects.ts";
import { stateOfKind } from "../state/kind-state.ts";
import { effectNumber, effectTags } from "../state/numbers.ts";
import { partsOf, statusOfNode, taskIdIn } from "../state/places.ts";
import { detailOf, type Node, type RangeView, type Run, type RunOutstanding } from "../state/state.ts";
import { turnInput } from "./turn-input.ts";

export function offerOf(run: Run, node: Node, isUndo = false): OfferTask {
  const { range, more } = node;
  const { plan } = range;
  const byCode = isUndo && more?.undo?.input === undefined && stateOfKind(node, "function") !== undefined;
  const choice = more?.details?.capability ?? 0;
  const profile = plan.profile(node.task, run.order?.pool ?? "", isUndo && !byCode, choice);
  const { totalMs } = profile.timeouts;
  const readyMs = isUndo ? (more?.undo?.queueMs ?? 0) : run.createMs + node.readyAt;
  return {
    kind: "offer_task",
    profile,
    taskId:
      range.owner < 0 && range.round === 1 ? plan.task(node.task).id : taskIdIn(run, range, node.number),
    input: isUndo && !byCode ? more?.undo?.input : inputOf(run, node, byCode),
    attempt: node.tries,
    facts: node.facts ?? run.facts,
    readyMs,
    totalDueMs: totalMs > 0 ? readyMs + totalMs : 0,
    details: more?.details,
    saved: isUndo && !byCode ? undefined : more?.saved,
    onlyAgents: isUndo || more === undefined ? noAgents : more.onlyAgents,
    notAgents: isUndo || more === undefined ? noAgents : more.notAgents,
    traceparent: run.order?.traceparent || undefined,
    share: run.order?.share,
    budget: isUndo
      ? undefined
      : remainingForTask({ run, range, task: plan.task(node.task), number: node.number }),
    gang: isUndo ? undefined : more?.gang,
  };
}

/** The input of a durable function contains its journal. */
function inputOf(run: Run, node: Node, isUndo: boolean): Data | undefined {
  return node.range.plan.task(node.task).kind === "function"
    ? turnInput(run, node, isUndo)
    : withContent(node.input);
}

const noAgents: readonly string[] = [];

/** Resolves the agents that a placement refers to, at the time of the offer. */
export function chooseAgents(run: Run, node: Node): void {
  const { placement } = node.range.plan.policy(node.range.plan.task(node.task));
  if (placement === null || placement.sameAgentAs.length + placement.notAgentOf.length === 0) return;
  const detail = detailOf(node);
  detail.onlyAgents = agentsOf(run, node, placement.sameAgentAs);
  detail.notAgents = agentsOf(run, node, placement.notAgentOf);
}

/** Counts the tasks that start together with a node, at the time of the offer. */
export function chooseGang(run: Run, node: Node): void {
  const { plan } = node.range;
  const { gang } = plan.policy(plan.task(node.task));
  if (gang === undefined) return;
  const poolOfRun = run.order?.pool || plan.plan.run.pool || "default";
  const poolOf = (task: number) => plan.policy(plan.task(task)).placement?.pool || poolOfRun;
  const pool = poolOf(node.task);
  let size = 1;
  let elsewhere = 0;
  let started = true;
  for (const { number, task } of gangOf(run, node)) {
    const status = statusOfNode(run, number);
    if (number === node.number || isDone(status)) continue;
    if (poolOf(task) === pool) size += 1;
    else elsewhere += 1;
    started &&= status === TaskStatus.TASK_STATUS_RUNNING;
  }
  // Each round of a loop has a gang of its own, and so have tasks that were added together.
  const { first } = scopeOf(run, node);
  const name = first === 0 ? gang : `${gang}/${first}`;
  detailOf(node).gang = size + elsewhere === 1 ? undefined : { name, size, started, elsewhere };
}

/**
 * Offers the other members again after the size of the gang changed: a list has its entries, or a member
 * failed for good. A task that a pool took back waits in that pool, but the run regards it as running.
 */
export function recountGang(run: Run, changed: Node, outstanding: RunOutstanding): void {
  const { plan } = changed.range;
  if (plan.policy(plan.task(changed.task)).gang === undefined) return;
  for (const { number } of gangOf(run, changed)) {
    const node = run.nodes[number];
    const isOffered =
      node?.status === TaskStatus.TASK_STATUS_QUEUED || node?.status === TaskStatus.TASK_STATUS_RUNNING;
    if (!isOffered) continue;
    chooseGang(run, node);
    outstanding.effect(effectNumber(number, effectTags.work), node.attempt, offerOf(run, node));
  }
}

/** Returns the tasks of the gang of a node. Each entry of a list is one of them, once the list is known. */
function gangOf(run: Run, node: Node): { readonly number: number; readonly task: number }[] {
  const scope = scopeOf(run, node);
  return scope.plan.gangOf(node.task).flatMap((task) => {
    const number = scope.first + task - scope.firstTask;
    const entries = partsOf(run, run.nodes[number]);
    if (entries?.isEntries !== true) return [{ number, task }];
    return Array.from({ length: entries.count }, (_, at) => ({ number: entries.first + at, task }));
  });
}

/** Returns the range of the sibling tasks: for an entry, the siblings of its list. */
function scopeOf(run: Run, { range }: Node): RangeView {
  return range.isEntries ? (run.nodes[range.owner]?.range ?? range) : range;
}

/** Returns the agents that executed the tasks. Tasks without an agent are left out. */
function agentsOf(run: Run, node: Node, tasks: readonly number[]): readonly string[] {
  const scene = { run, range: node.range, node: node.number };
  const agents = tasks.map((task) => run.nodes[visibleNode(scene, task)]?.agent ?? "");
  return [...new Set(agents.filter((agent) => agent !== ""))];
}
