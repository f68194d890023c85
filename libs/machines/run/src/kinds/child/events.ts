import { TaskStatus } from "@tutti/contracts/types/v1";
import { ChildQueuedV1, ChildRefusedV1, ChildStartedV1 } from "@tutti/contracts/workflow/v1";
import { blobsOf } from "@tutti/machine-work";
import { startOf } from "../../core/attempt/child-start.ts";
import { reserve } from "../../core/node/budget.ts";
import { setInput } from "../../core/node/data.ts";
import { settleDetachedChild } from "../../core/node/detached-children.ts";
import { nodeOf, removeFromAgenda, setStatus, startVisit } from "../../core/node/nodes.ts";
import { startKind } from "../../core/state/kind-state.ts";
import { effectNumber, effectTags, nodeTimers, timerNumber } from "../../core/state/numbers.ts";
import { detailOf, type RunEvent } from "../../core/state/state.ts";
import { since } from "../../core/state/times.ts";

/** A child must be started, for the first attempt or another one. */
export const childQueued: RunEvent<ChildQueuedV1> = {
  type: "child_queued",
  version: 1,
  codec: ChildQueuedV1,
  blobs: ({ input, inputPayload }) => blobsOf(inputPayload, input),
  evolve(run, body, outstanding) {
    const {
      node: number,
      attempt,
      childId,
      queueMs,
      input,
      inputPayload,
      parameters,
      details,
      limits,
      reserved,
    } = body;
    const before = nodeOf(run, number);
    const isSameVisit = before.visit > 0 && before.status !== TaskStatus.TASK_STATUS_PENDING;
    const node = isSameVisit ? before : startVisit(run, number, queueMs, outstanding);
    if (isSameVisit && node.status === TaskStatus.TASK_STATUS_HELD) removeFromAgenda(run, number);
    outstanding.cleared(timerNumber(number, nodeTimers.again));
    const detail = detailOf(node);
    detail.dueMs = 0;
    const state = startKind(detail, "child");
    state.childId = childId;
    state.childHash = "";
    state.parameters = parameters.length === 0 ? undefined : parameters;
    if (details !== undefined) detail.details = details;
    setInput(run, node, input, inputPayload);
    reserve(run, node, reserved);
    node.attempt = attempt;
    node.tries += 1;
    node.queueAt = since(run, queueMs);
    node.startAt = -1;
    node.facts = run.facts;
    if (limits.length > 0) {
      state.limits = limits.map((limit) => ({ limit, ticket: 0, leaseDueMs: 0, retryMs: 0 }));
      setStatus(run, node, TaskStatus.TASK_STATUS_WAITING);
      return;
    }
    setStatus(run, node, TaskStatus.TASK_STATUS_QUEUED);
    outstanding.effect(effectNumber(number, effectTags.work), attempt, startOf(run, node));
  },
};

/** The child exists: the task waits for its end. */
export const childStarted: RunEvent<ChildStartedV1> = {
  type: "child_started",
  version: 1,
  codec: ChildStartedV1,
  evolve(run, { node: number, hash, startMs }, outstanding) {
    const node = nodeOf(run, number);
    const state = startKind(detailOf(node), "child");
    state.childHash = hash;
    if (state.startsAlone) {
      settleDetachedChild(run, node, outstanding);
      return;
    }
    outstanding.settled(effectNumber(number, effectTags.work));
    node.startAt = since(run, startMs);
    setStatus(run, node, TaskStatus.TASK_STATUS_WAITING);
  },
};

/** No task waits for the child any longer: only the history records it. */
export const childRefused: RunEvent<ChildRefusedV1> = {
  type: "child_refused",
  version: 1,
  codec: ChildRefusedV1,
  evolve(run, { node: number }, outstanding) {
    settleDetachedChild(run, nodeOf(run, number), outstanding);
  },
};
