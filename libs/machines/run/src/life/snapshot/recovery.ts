/** Finds all outstanding effects and timers of a state. */

import { TaskStatus } from "@tutti/contracts/types/v1";
import { RunPhase } from "@tutti/contracts/workflow/v1";
import { isDone } from "@tutti/machine-work";
import { startOf } from "../../core/attempt/child-start.ts";
import { offerOf } from "../../core/attempt/offer.ts";
import { recoverLimits } from "../../core/limit/events.ts";
import { policyOf } from "../../core/node/nodes.ts";
import { stateOfKind } from "../../core/state/kind-state.ts";
import {
  effectNumber,
  effectTags,
  nodeTimers,
  runNode,
  runTimers,
  timerNumber,
} from "../../core/state/numbers.ts";
import type { Node, NodeView, Run, RunOutstanding, RunView } from "../../core/state/state.ts";
import { stateDueMs } from "../../core/state/transition-progress.ts";
import { dueOf, isOpen } from "../../kinds/approve/open.ts";
import { kindOf } from "../../kinds/table.ts";
import { timeoutMsOf } from "../run/events.ts";

export function recoverRun(run: RunView, outstanding: RunOutstanding): void {
  recoverRunLevel(run, outstanding);
  for (const node of run.nodes) if (node !== undefined) recoverNode(run, node, outstanding);
}

function recoverRunLevel(run: RunView, outstanding: RunOutstanding): void {
  const { order, phase, putOffMs } = run;
  if (order === undefined || phase === RunPhase.RUN_PHASE_ENDED) return;
  recoverLimits(run, outstanding);
  const isDue = run.more?.isDue === true;
  if (phase === RunPhase.RUN_PHASE_WAITING && order.startMs > run.createMs && !isDue)
    outstanding.timer(timerNumber(runNode, runTimers.start), order.startMs);
  const timeoutMs = timeoutMsOf(run);
  if (phase === RunPhase.RUN_PHASE_GOING && timeoutMs > 0)
    outstanding.timer(timerNumber(runNode, runTimers.timeout), run.beginMs + timeoutMs);
  const stateMs = stateDueMs(run);
  if (stateMs > 0) outstanding.timer(timerNumber(runNode, runTimers.state), stateMs);
  if (putOffMs > 0) outstanding.timer(timerNumber(runNode, runTimers.putOff), putOffMs);
}

function recoverNode(run: RunView, node: NodeView, outstanding: RunOutstanding): void {
  const { number, status } = node;
  if (status === TaskStatus.TASK_STATUS_COMPENSATING) {
    recoverUndo(run, node, outstanding);
    return;
  }
  if (stateOfKind(node, "child")?.startsAlone === true) {
    const start = startOf(run as Run, node as Node);
    outstanding.effect(effectNumber(number, effectTags.work), node.attempt, start);
    return;
  }
  const isIdle = status === TaskStatus.TASK_STATUS_PENDING || status === TaskStatus.TASK_STATUS_PAUSED;
  if (isDone(status) || isIdle) return;
  const task = node.range.plan.task(node.task);
  const isSingle = task.forEach < 0 || node.range.isEntries;
  const { totalMs } = policyOf(node as Node).timeouts;
  if (totalMs > 0 && isSingle)
    outstanding.timer(timerNumber(number, nodeTimers.total), run.createMs + node.readyAt + totalMs);
  const question = node.more?.question;
  const dueMs = question === undefined || !isOpen(node) ? 0 : dueOf(question);
  if (dueMs > 0) outstanding.timer(timerNumber(number, nodeTimers.approval), dueMs);
  if (status === TaskStatus.TASK_STATUS_RETRYING)
    outstanding.timer(timerNumber(number, nodeTimers.again), node.more?.dueMs ?? 0);
  else if (isSingle) kindOf(task.kind).recover?.(run, node, outstanding);
}

function recoverUndo(run: RunView, node: NodeView, outstanding: RunOutstanding): void {
  const { number, attempt, more } = node;
  const totalMs = policyOf(node as Node).compensate?.timeouts.totalMs ?? 0;
  const { dueMs = 0, undo } = more ?? {};
  if (totalMs > 0) outstanding.timer(timerNumber(number, nodeTimers.total), (undo?.queueMs ?? 0) + totalMs);
  if (dueMs > 0) {
    outstanding.timer(timerNumber(number, nodeTimers.again), dueMs);
    return;
  }
  const offer = offerOf(run as Run, node as Node, true);
  outstanding.effect(effectNumber(number, effectTags.undo), attempt, offer);
}
