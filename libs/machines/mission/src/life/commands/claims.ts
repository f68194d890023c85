/**
 * Claims: an agent claims tasks of the board for the duration of its lease.
 *
 * 1. A claim names the attempt that it fences: a request with an older one is refused and changes nothing.
 * 2. Reserved amounts of an attempt that its agent does not report count as used once the agent is lost.
 */
import {
  type AgentOffering,
  ClaimBoardTasks,
  type ClaimQuestions,
  type ClaimReceipt,
  ClaimTasksReply,
  CompleteJudgedTasks,
  CompleteTasksReply,
  CompleteTasksRequest,
  HandOffTaskReply,
  HandOffTaskRequest,
  ReleaseTasksReply,
  ReleaseTasksRequest,
  RenewClaimsReply,
  RenewClaimsRequest,
} from "@tutti/contracts/swarm/v1";
import { TaskStatus } from "@tutti/contracts/types/v1";
import { type ReadOnly, type Refusal, toTimestamp } from "@tutti/kernel";
import {
  amountsOrNone,
  bounded,
  boundedCalls,
  dataOfPayload,
  detailOfRefusal,
  messageLengthMax,
  reasonOf,
  truncate,
} from "@tutti/machine-work";
import { assignmentOf, isPaidFor } from "../../core/board/offer.ts";
import { expectedFor, isAffordable } from "../../core/budget/accounting.ts";
import { type Claimant, isFor } from "../../core/state/claim-index.ts";
import { leaseDefaultMs } from "../../core/state/limits.ts";
import { claimOf } from "../../core/state/numbers.ts";
import { hasOwnBudget } from "../../core/state/own-budget.ts";
import {
  isBlocked,
  isGoing,
  type MissionCommand,
  type MissionEventStep,
  type MissionView,
  type TaskView,
} from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";
import { useUp } from "../../kinds/budget/use-up.ts";
import {
  attemptReturned,
  claimsRenewed,
  modelCallsNoted,
  taskClaimed,
  taskHandedOn,
} from "../../kinds/claim/events.ts";
import { failAttempt, finish } from "../../kinds/task/outcome.ts";
import { isSpent } from "../../kinds/task/start.ts";
import { checkHandoff } from "../../kinds/trouble/find.ts";
import { boardTask } from "../queries/board-task.ts";
import { boardCommand, commandOf, notTakingPart, recordContacts } from "../step.ts";

export const claimTasks: MissionCommand<ClaimBoardTasks, ClaimTasksReply> = commandOf({
  type: "claim_board_tasks",
  codec: ClaimBoardTasks,
  reply: ClaimTasksReply,
  decide(mission, { request, offering }, step) {
    const agent = request?.agentId ?? "";
    const participant = mission.participants.get(agent);
    if (request === undefined || participant === undefined)
      return missionErrors.notTakingPart.refusal({ id: step.key.id, agent });
    recordContacts(mission, step, [agent]);
    const { pool, role } = participant;
    const claimant = {
      agent,
      pool,
      role,
      offering: offering ?? (participant.offering as AgentOffering | undefined),
    };
    const claimed: number[] = [];
    const batch: ClaimBatch = { ids: request.taskIds, count: request.count || 1, isShort: false };
    for (const number of claimableTasks(mission, claimant, batch)) {
      if (claim(mission, step, { number, agent, leaseMs: request.leaseMs || leaseDefaultMs }))
        claimed.push(number);
      else batch.isShort = true;
    }
    // A budget that is used up may have ended the mission, together with the claims before.
    const tasks = claimed.map((number) => mission.tasks[number] as TaskView);
    return { tasks: tasks.filter(({ isClaimed }) => isClaimed).map((task) => boardTask(mission, task)) };
  },
});

interface ClaimBatch {
  readonly ids: readonly string[];
  readonly count: number;
  /**
   * Whether the budget was too small for a task. From then on only tasks with their own budget are claimed:
   * no cheaper task overtakes.
   */
  isShort: boolean;
}

/**
 * Yields tasks for an agent, each found after the previous one is claimed. A task that uses up the budget may
 * hold the mission, or end it.
 */
function* claimableTasks(mission: MissionView, claimant: Claimant, batch: ClaimBatch): Iterable<number> {
  const isOpen = () => isGoing(mission) && !isBlocked(mission);
  if (!isOpen() || !assignmentOf(mission).isClaimable) return;
  const { ids, count } = batch;
  let claimed = 0;
  if (ids.length === 0) {
    while (claimed < count) {
      const wasShort = batch.isShort;
      const number = mission.claimable.first(claimant, { ownBudget: wasShort });
      if (number === undefined) return;
      yield number;
      if (!isOpen()) return;
      if (batch.isShort === wasShort) claimed++;
    }
    return;
  }
  for (const id of ids) {
    const task = mission.tasks[mission.byId.get(id) ?? -1];
    if (task === undefined || !mission.claimable.has(task) || !isFor(task, claimant)) continue;
    if (batch.isShort && !hasOwnBudget(task)) continue;
    yield task.number;
    if (!isOpen() || ++claimed >= count) return;
  }
}

/** Claims a task. Returns false if the budget is too small for it. */
function claim(
  mission: MissionView,
  step: MissionEventStep,
  { number, agent, leaseMs }: { number: number; agent: string; leaseMs: number },
): boolean {
  const task = mission.tasks[number];
  if (task === undefined) return false;
  const isPaid = isPaidFor(mission, task);
  const amounts = expectedFor(mission, task);
  if (!isPaid && !isAffordable(mission, amounts)) {
    if (isSpent(mission)) useUp(mission, step, amounts);
    return false;
  }
  const heartbeatMs = task.spec.timeouts?.heartbeatMs ?? 0;
  step.emit(taskClaimed, {
    // An offered attempt is fenced: the claim has another number.
    node: number,
    attempt: task.attempt + 1,
    agent,
    claimMs: step.nowMs,
    leaseMs: heartbeatMs > 0 ? Math.min(heartbeatMs, leaseMs) : leaseMs,
    reserved: isPaid ? undefined : amountsOrNone(amounts),
  });
  return true;
}

/** Returns the task of a valid claim. The lease may have expired although its timer has not fired yet. */
export function claimedTask(
  mission: MissionView,
  claimId: string,
  agent: string,
  nowMs: number,
): TaskView | undefined {
  const claim = claimOf(claimId);
  const task = claim === undefined ? undefined : mission.tasks[claim.node];
  if (task === undefined || task.attempt !== claim?.attempt) return undefined;
  if (task.isClaimed && task.leaseDueMs <= nowMs) return undefined;
  return task.status === TaskStatus.TASK_STATUS_RUNNING && task.agent === agent ? task : undefined;
}

export const renewClaims: MissionCommand<RenewClaimsRequest, RenewClaimsReply> = boardCommand({
  type: "renew_claims",
  codec: RenewClaimsRequest,
  reply: RenewClaimsReply,
  decide(mission, { agentId, renewals, leaseMs }, step) {
    const renewed = new Map<number, { node: number; progress: number; message: string }>();
    const lost: string[] = [];
    for (const { claimId, progress, message } of renewals) {
      const task = claimedTask(mission, claimId, agentId, step.nowMs);
      if (task === undefined) lost.push(claimId);
      else
        renewed.set(task.number, {
          node: task.number,
          progress,
          message: truncate(message, messageLengthMax),
        });
    }
    const event = { agent: agentId, renewMs: step.nowMs, leaseMs: leaseMs || leaseDefaultMs };
    if (renewed.size > 0) step.emit(claimsRenewed, { ...event, claims: [...renewed.values()] });
    return { lostClaimIds: lost };
  },
});

export const releaseTasks: MissionCommand<ReleaseTasksRequest, ReleaseTasksReply> = boardCommand({
  type: "release_tasks",
  codec: ReleaseTasksRequest,
  reply: ReleaseTasksReply,
  decide(mission, { agentId, claimIds, reason }, step) {
    let released = 0;
    for (const claimId of claimIds) {
      const task = claimedTask(mission, claimId, agentId, step.nowMs);
      if (task === undefined) continue;
      returnTask(step, task, reasonOf(reason) || `${agentId} gave it back`);
      released += 1;
    }
    return { released };
  },
});

function returnTask(step: MissionEventStep, { number: node, attempt }: TaskView, reason: string): void {
  const returned = { lost: false, agent: "", retryMs: 0, endMs: step.nowMs };
  step.emit(attemptReturned, { node, attempt, reason, ...returned });
}

export const completeTasks: MissionCommand<CompleteTasksRequest, CompleteTasksReply> = boardCommand({
  type: "complete_tasks",
  codec: CompleteTasksRequest,
  reply: CompleteTasksReply,
  decide: (mission, request, step) => ({ receipts: completeAll(mission, request, [], step) }),
});

/** The same command, after rules have checked the outputs. */
export const completeJudgedTasks: MissionCommand<CompleteJudgedTasks, CompleteTasksReply> = commandOf({
  type: "complete_judged_tasks",
  codec: CompleteJudgedTasks,
  reply: CompleteTasksReply,
  decide(mission, { ends: request, questions }, step) {
    const { agentId = "" } = request ?? {};
    const stranger = notTakingPart(mission, agentId, step);
    if (stranger !== undefined) return stranger;
    const receipts = request === undefined ? [] : completeAll(mission, request, questions, step);
    recordContacts(mission, step, [agentId]);
    return { receipts };
  },
});

function completeAll(
  mission: MissionView,
  { agentId, ends }: CompleteTasksRequest,
  claimQuestions: readonly ClaimQuestions[],
  step: MissionEventStep,
): ClaimReceipt[] {
  return ends.map(({ claimId, outcome, used, modelCalls }) => {
    const task = claimedTask(mission, claimId, agentId, step.nowMs);
    if (task === undefined || outcome === undefined)
      return { claimId, refusal: detailOfRefusal(missionErrors.claimLost.refusal({ claim: claimId })) };
    const place = { mission, step, task };
    const { questions = [] } = claimQuestions.find((each) => each.claimId === claimId) ?? {};
    const attemptReport = { agent: agentId, used, questions };
    const { number: node, attempt } = task;
    const fields = { node, attempt, agent: agentId, endMs: step.nowMs };
    if (modelCalls !== undefined) step.emit(modelCallsNoted, { ...fields, calls: boundedCalls(modelCalls) });
    if (outcome.$case === "output") finish(place, dataOfPayload(outcome.value), attemptReport);
    else failAttempt(place, bounded(outcome.value), attemptReport);
    return { claimId, refusal: undefined };
  });
}

export const handOffTask: MissionCommand<HandOffTaskRequest, HandOffTaskReply> = boardCommand({
  type: "hand_off_task",
  codec: HandOffTaskRequest,
  reply: HandOffTaskReply,
  decide(mission, { agentId, claimId, to, context, reason }, step) {
    const task = claimedTask(mission, claimId, agentId, step.nowMs);
    if (task === undefined) return missionErrors.claimLost.refusal({ claim: claimId });
    const refusal = receiverProblem(mission, to, step);
    if (refusal !== undefined) return refusal;
    const toAgent = to?.$case === "toAgentId" ? to.value : "";
    const toRole = to?.$case === "toRole" ? to.value : "";
    const handoff = {
      fromAgentId: agentId,
      to: toAgent || toRole,
      context,
      reason: reasonOf(reason),
      handoffTime: toTimestamp(step.nowMs),
    };
    const { number } = task;
    step.emit(taskHandedOn, { node: number, handoff, toAgent, toRole, handoffMs: step.nowMs });
    checkHandoff(mission, step, { task: task.spec.id, from: agentId, to: toAgent || toRole });
    return { task: boardTask(mission, mission.tasks[number] as TaskView) };
  },
});

function receiverProblem(
  mission: MissionView,
  to: ReadOnly<HandOffTaskRequest["to"]>,
  step: MissionEventStep,
): Refusal | undefined {
  if (to === undefined)
    return missionErrors.messageInvalid.refusal({ problem: "expected an agent or a role" });
  if (to.$case === "toAgentId")
    return to.value === ""
      ? missionErrors.messageInvalid.refusal({ problem: "expected an agent or a role" })
      : notTakingPart(mission, to.value, step);
  const known = (mission.order?.spec?.roles ?? []).map(({ name }) => name);
  if (known.includes(to.value)) return undefined;
  return missionErrors.roleUnknown.refusal({
    role: to.value,
    known: known.join(", ") || "of which there are none",
  });
}
