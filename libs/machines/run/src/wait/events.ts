import { TaskStatus } from "@tutti/contracts/types/v1";
import { TaskWaitingV1 } from "@tutti/contracts/workflow/v1";
import { enter, setStatus } from "../node/nodes.ts";
import { nodeTimers, timerNumber } from "../numbers.ts";
import { awaitSignal } from "../signal/waiting.ts";
import { detailOf, type RunEvent } from "../state.ts";

/** A task waits: for a moment, or for a signal and until a moment at most. */
export const taskWaiting: RunEvent<TaskWaitingV1> = {
  type: "task_waiting",
  version: 1,
  codec: TaskWaitingV1,
  evolve(run, { node: number, dueMs, signal, beginMs }, outstanding) {
    const node = enter(run, number, beginMs, outstanding);
    const detail = detailOf(node);
    detail.dueMs = dueMs;
    detail.signal = signal;
    setStatus(run, node, TaskStatus.TASK_STATUS_WAITING);
    if (dueMs > 0) outstanding.timer(timerNumber(number, nodeTimers.wait), dueMs);
    if (signal !== "") awaitSignal(run, signal, number);
  },
};
