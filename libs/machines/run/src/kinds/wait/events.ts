import { TaskStatus } from "@tutti/contracts/types/v1";
import { TaskWaitingV1 } from "@tutti/contracts/workflow/v1";
import { setStatus, startVisit } from "../../core/node/nodes.ts";
import { startKind } from "../../core/state/kind-state.ts";
import { effectNumber, effectTags, nodeTimers, timerNumber } from "../../core/state/numbers.ts";
import { detailOf, moreOf, type RunEvent } from "../../core/state/state.ts";
import { awaitSignal } from "../signal/waiting.ts";
import { awaitOf } from "./awaited-event.ts";

/** A task waits for a time, or for a signal or an event with a timeout. */
export const taskWaiting: RunEvent<TaskWaitingV1> = {
  type: "task_waiting",
  version: 1,
  codec: TaskWaitingV1,
  evolve(run, { node: number, dueMs, signal, beginMs }, outstanding) {
    const node = startVisit(run, number, beginMs, outstanding);
    const detail = detailOf(node);
    detail.dueMs = dueMs;
    if (signal !== "" || detail.kindState !== undefined) startKind(detail, "wait").signal = signal;
    setStatus(run, node, TaskStatus.TASK_STATUS_WAITING);
    if (dueMs > 0) outstanding.timer(timerNumber(number, nodeTimers.wait), dueMs);
    if (signal === "") return;
    awaitSignal(run, signal, number);
    const effect = awaitOf(run, node);
    if (effect === undefined) return;
    const more = moreOf(run);
    more.leaseCount += 1;
    detail.leaseAttempt = more.leaseCount;
    outstanding.effect(effectNumber(number, effectTags.event), detail.leaseAttempt, effect);
  },
};
