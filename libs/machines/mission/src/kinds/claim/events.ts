/** Attempts, claimed or offered: started, extended, handed off, returned, failed. */

import {
  AttemptBegunV1,
  AttemptFailedV1,
  AttemptProgressedV1,
  AttemptReturnedV1,
  ClaimsRenewedV1,
  ModelCallsNotedV1,
  OutputQuestionedV1,
  TaskClaimedV1,
  TaskHandedOnV1,
} from "@tutti/contracts/swarm/v1";
import { TaskStatus } from "@tutti/contracts/types/v1";
import { blobsOf, dataOf, failuresMax, lossLengthMax, truncate } from "@tutti/machine-work";
import {
  ensureParticipant,
  recordAgent,
  recordContact,
  release,
  setOutput,
  setStatus,
  startAttempt,
  taskOf,
} from "../../core/board/nodes.ts";
import { recordUsed, releaseUnused, reserve } from "../../core/budget/accounting.ts";
import { handoffsMax } from "../../core/state/limits.ts";
import { effectNumber, taskTimers, timerNumber } from "../../core/state/numbers.ts";
import type { Mission, MissionEvent, MissionOutstanding, Task } from "../../core/state/state.ts";
import { awaitAnswer } from "../question/events.ts";
import { count, handoffKey } from "../trouble/repetitions.ts";

export const attemptBegun: MissionEvent<AttemptBegunV1> = {
  type: "attempt_begun",
  version: 1,
  codec: AttemptBegunV1,
  described: true,
  evolve(mission, { node, agent, beginMs }, outstanding) {
    const task = taskOf(mission, node);
    ensureParticipant(mission, agent, task.profile?.pool ?? "", beginMs);
    mission.participants.get(task.agent)?.nodes.delete(node);
    outstanding.cleared(timerNumber(node, taskTimers.queue));
    startAttempt(mission, task, agent, beginMs);
  },
};

/** For readers of the history: the mission does not use it. */
export const modelCallsNoted: MissionEvent<ModelCallsNotedV1> = {
  type: "model_calls_noted",
  version: 1,
  codec: ModelCallsNotedV1,
  evolve() {},
};

/** A claim withdraws the offer: no other agent can start a claimed task. */
export const taskClaimed: MissionEvent<TaskClaimedV1> = {
  type: "task_claimed",
  version: 1,
  codec: TaskClaimedV1,
  described: true,
  evolve(mission, { node, attempt, agent, claimMs, leaseMs, reserved }, outstanding) {
    const task = taskOf(mission, node);
    outstanding.settled(effectNumber(node));
    outstanding.cleared(timerNumber(node, taskTimers.queue));
    if (task.status === TaskStatus.TASK_STATUS_QUEUED) task.skipped += 1;
    task.attempt = attempt;
    task.isClaimed = true;
    reserve(mission, task, reserved);
    startAttempt(mission, task, agent, claimMs);
    lease(task, claimMs, leaseMs, outstanding);
    const runMs = task.spec.timeouts?.runMs ?? 0;
    if (runMs > 0) outstanding.timer(timerNumber(node, taskTimers.run), claimMs + runMs);
  },
};

function lease(task: Task, fromMs: number, leaseMs: number, outstanding: MissionOutstanding): void {
  task.leaseMs = leaseMs;
  task.leaseDueMs = fromMs + leaseMs;
  outstanding.timer(timerNumber(task.number, taskTimers.lease), task.leaseDueMs);
}

export const claimsRenewed: MissionEvent<ClaimsRenewedV1> = {
  type: "claims_renewed",
  version: 1,
  codec: ClaimsRenewedV1,
  evolve(mission, { agent, claims, renewMs, leaseMs }, outstanding) {
    recordContact(mission, agent, renewMs);
    for (const { node, progress, message } of claims) {
      const task = taskOf(mission, node);
      const heartbeatMs = task.spec.timeouts?.heartbeatMs ?? 0;
      const durationMs = heartbeatMs > 0 ? Math.min(heartbeatMs, leaseMs) : leaseMs;
      if (task.isClaimed) lease(task, renewMs, durationMs, outstanding);
      if (progress > 0) task.fraction = progress;
      if (message !== "") task.message = message;
    }
  },
};

export const attemptReturned: MissionEvent<AttemptReturnedV1> = {
  type: "attempt_returned",
  version: 1,
  codec: AttemptReturnedV1,
  described: true,
  evolve(mission, { node, reason, lost, retryMs, agent }, outstanding) {
    const task = taskOf(mission, node);
    release(mission, task, outstanding);
    releaseUnused(mission, task, lost);
    // The attempt does not count.
    task.tries -= 1;
    if (lost) task.lost += 1;
    if (lost && agent !== "") task.losses = [...task.losses, truncate(`${agent}: ${reason}`, lossLengthMax)];
    task.message = reason;
    pause(mission, task, retryMs, outstanding);
  },
};

function pause(mission: Mission, task: Task, retryMs: number, outstanding: MissionOutstanding): void {
  if (retryMs === 0) {
    setStatus(mission, task, TaskStatus.TASK_STATUS_PENDING);
    mission.agenda.add(task.number);
    return;
  }
  task.retryMs = retryMs;
  outstanding.timer(timerNumber(task.number, taskTimers.again), retryMs);
  setStatus(mission, task, TaskStatus.TASK_STATUS_RETRYING);
}

export const taskHandedOn: MissionEvent<TaskHandedOnV1> = {
  type: "task_handed_on",
  version: 1,
  codec: TaskHandedOnV1,
  described: true,
  blobs: ({ handoff }) => blobsOf(handoff?.context),
  evolve(mission, { node, handoff, toAgent, toRole }, outstanding) {
    const task = taskOf(mission, node);
    release(mission, task, outstanding);
    releaseUnused(mission, task, false);
    task.tries -= 1;
    task.toAgent = toAgent;
    task.toRole = toRole;
    if (handoff !== undefined) {
      if (task.handoffs.length === 0) task.handoffs = [handoff];
      else task.handoffs.push(handoff);
      if (task.handoffs.length > handoffsMax) task.handoffs.shift();
      count(mission, handoffKey(task.spec.id, handoff.fromAgentId, handoff.to));
    }
    setStatus(mission, task, TaskStatus.TASK_STATUS_PENDING);
    mission.agenda.add(node);
  },
};

export const attemptFailed: MissionEvent<AttemptFailedV1> = {
  type: "attempt_failed",
  version: 1,
  codec: AttemptFailedV1,
  described: true,
  evolve(mission, { node, attempt, error, agent, endMs, retryMs, used, sentBack, lost }, outstanding) {
    const task = taskOf(mission, node);
    recordAgent(mission, task, agent, endMs);
    recordUsed(mission, task, used);
    const failure = { attempt, error, agent: task.agent, endMs };
    if (task.failures.length === 0) task.failures = [failure];
    else task.failures.push(failure);
    if (task.failures.length > failuresMax) task.failures.shift();
    release(mission, task, outstanding);
    releaseUnused(mission, task, false);
    task.lost = lost;
    task.childHash = "";
    if (sentBack) {
      task.sentBack += 1;
      task.tries -= 1;
    }
    pause(mission, task, retryMs, outstanding);
  },
};

export const attemptProgressed: MissionEvent<AttemptProgressedV1> = {
  type: "attempt_progressed",
  version: 1,
  codec: AttemptProgressedV1,
  evolve(mission, { node, saved, fraction, message }) {
    const task = taskOf(mission, node);
    if (saved.length > 0) task.savedNext = saved;
    task.fraction = fraction;
    task.message = message;
  },
};

/** The attempt has ended. Its output waits for a person. */
export const outputQuestioned: MissionEvent<OutputQuestionedV1> = {
  type: "output_questioned",
  version: 1,
  codec: OutputQuestionedV1,
  described: true,
  blobs: ({ output, outputPayload }) => blobsOf(outputPayload, output),
  evolve(mission, { node, output, outputPayload, agent, used, question, endMs }, outstanding) {
    const task = taskOf(mission, node);
    recordAgent(mission, task, agent, endMs);
    recordUsed(mission, task, used);
    release(mission, task, outstanding);
    releaseUnused(mission, task, false);
    setOutput(mission, task, dataOf(output, outputPayload));
    awaitAnswer(mission, task, question, outstanding);
    setStatus(mission, task, TaskStatus.TASK_STATUS_WAITING);
  },
};
