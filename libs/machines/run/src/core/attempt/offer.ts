/** What is offered to a pool, made of the state alone. */

import { TaskStatus } from "@tutti/contracts/types/v1";
import { type Data, isDone } from "@tutti/machine-work";
import { nodeSeen } from "../evaluate/scene.ts";
import { leftOfTask } from "../node/budget.ts";
import type { OfferTask } from "../state/effects.ts";
import { stateOfKind } from "../state/kind-state.ts";
import { statusOfNode, taskIdIn } from "../state/places.ts";
import { detailOf, type Node, type Run } from "../state/state.ts";
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
    budget: isUndo ? undefined : leftOfTask({ run, range, task: plan.task(node.task), number: node.number }),
    gang: isUndo ? undefined : more?.gang,
  };
}

/** That of a durable function has its journal. */
function inputOf(run: Run, node: Node, isUndo: boolean): Data | undefined {
  return node.range.plan.task(node.task).kind === "function" ? turnInput(run, node, isUndo) : node.input;
}

const noAgents: readonly string[] = [];

/** Finds the agents that a placement means, as they are when an attempt is offered. */
export function chooseAgents(run: Run, node: Node): void {
  const { placement } = node.range.plan.policy(node.range.plan.task(node.task));
  if (placement === null || placement.sameAgentAs.length + placement.notAgentOf.length === 0) return;
  const detail = detailOf(node);
  detail.onlyAgents = agentsOf(run, node, placement.sameAgentAs);
  detail.notAgents = agentsOf(run, node, placement.notAgentOf);
}

/** Finds how many tasks start together with one, as it is when an attempt is offered. */
export function chooseGang(run: Run, node: Node): void {
  const { range } = node;
  const { gang } = range.plan.policy(range.plan.task(node.task));
  if (gang === undefined) return;
  let size = 1;
  let started = true;
  for (const place of range.plan.gangOf(node.task)) {
    const number = range.first + place - range.firstTask;
    const status = statusOfNode(run, number);
    if (number === node.number || isDone(status)) continue;
    size += 1;
    started &&= status === TaskStatus.TASK_STATUS_RUNNING;
  }
  // Each round of a loop has a gang of its own.
  const name = range.owner < 0 ? gang : `${gang}/${range.first}`;
  detailOf(node).gang = size === 1 ? undefined : { name, size, started };
}

/** Who did the tasks. Tasks without an agent are left out. */
function agentsOf(run: Run, node: Node, tasks: readonly number[]): readonly string[] {
  const scene = { run, range: node.range, node: node.number };
  const agents = tasks.map((task) => run.nodes[nodeSeen(scene, task)]?.agent ?? "");
  return [...new Set(agents.filter((agent) => agent !== ""))];
}
