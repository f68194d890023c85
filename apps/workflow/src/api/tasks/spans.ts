/**
 * The spans of a run, from its events.
 *
 * 1. A time in an event counts. Without one, the time of the record counts.
 * 2. An attempt that ended before its start was recorded took a negligible time: all of it counts as queue.
 */
import { SpanKind } from "@tutti/contracts/types/v1";
import * as events from "@tutti/contracts/workflow/v1";
import { SpentTime, workNode } from "@tutti/host/serving";

const {
  SPAN_KIND_QUEUE: queue,
  SPAN_KIND_ATTEMPT: attempt,
  SPAN_KIND_BACKOFF: backoff,
  SPAN_KIND_WAIT: wait,
  SPAN_KIND_COMPENSATION: compensation,
} = SpanKind;

/** A recorded event. */
export interface Recorded {
  readonly type: string;
  readonly payload: Uint8Array;
  readonly timeMs: number;
}

/** Waits: for time, a signal, a person, a child, a limit. Without a node the run itself waits. */
const waitStarts: Readonly<Record<string, (payload: Uint8Array) => { readonly node?: number | undefined }>> =
  {
    task_waiting: (payload) => events.TaskWaitingV1.decode(payload),
    task_paused: (payload) => events.TaskPausedV1.decode(payload),
    approval_asked: (payload) => events.ApprovalAskedV1.decode(payload),
    child_queued: (payload) => events.ChildQueuedV1.decode(payload),
    round_ended: (payload) => events.RoundEndedV1.decode(payload),
    run_limit_asked: (payload) => events.RunLimitAskedV1.decode(payload),
  };

/** Events after which a task is in no span any more. */
const taskEnds: Readonly<
  Record<string, (payload: Uint8Array) => { readonly node: number; readonly agent?: string }>
> = {
  round_begun: (payload) => events.RoundBegunV1.decode(payload),
  task_resumed: (payload) => events.TaskResumedV1.decode(payload),
  work_sent_back: (payload) => events.WorkSentBackV1.decode(payload),
  task_completed: (payload) => events.TaskCompletedV1.decode(payload),
  task_failed: (payload) => events.TaskFailedV1.decode(payload),
  task_skipped: (payload) => events.TaskSkippedV1.decode(payload),
  task_cancelled: (payload) => events.TaskCancelledV1.decode(payload),
  task_repaired: (payload) => events.TaskRepairedV1.decode(payload),
  undo_completed: (payload) => events.UndoCompletedV1.decode(payload),
  undo_failed: (payload) => events.UndoFailedV1.decode(payload),
};

export class Spans extends SpentTime {
  add({ type, payload, timeMs }: Recorded): void {
    switch (type) {
      case "run_started": {
        const { createMs, order, limits } = events.RunStartedV1.decode(payload);
        this.startWork(createMs);
        if (limits.length > 0 || (order?.startMs ?? 0) > createMs) this.start(workNode, wait, createMs, 0);
        break;
      }
      case "run_begun":
        this.end(workNode, events.RunBegunV1.decode(payload).beginMs);
        break;
      case "run_paused":
        this.start(workNode, wait, events.RunPausedV1.decode(payload).pauseMs, 0);
        break;
      case "run_resumed":
        this.end(workNode, events.RunResumedV1.decode(payload).resumeMs);
        break;
      case "run_stopped":
        this.endAll(events.RunStoppedV1.decode(payload).stopMs);
        break;
      case "run_completed":
      case "run_failed":
      case "run_cancelled":
      case "run_terminated":
      case "run_continued":
        this.endWork(timeMs);
        break;
      case "run_reset":
        this.endAll(events.RunResetV1.decode(payload).resetMs);
        this.reopen();
        break;
      case "run_moved": {
        const { numbers, gone } = events.RunMovedV1.decode(payload);
        this.renumber(numbers, gone);
        break;
      }
      case "run_retried":
        this.reopen();
        break;
      default:
        this.#addTaskEvent(type, payload, timeMs);
    }
  }

  #addTaskEvent(type: string, payload: Uint8Array, timeMs: number): void {
    switch (type) {
      case "task_queued":
      case "attempt_queued": {
        const codec = type === "task_queued" ? events.TaskQueuedV1 : events.AttemptQueuedV1;
        const { node, attempt: number, queueMs } = codec.decode(payload);
        if (this.openAt(node)?.kind !== compensation) this.start(node, queue, queueMs, number);
        return;
      }
      case "undo_queued": {
        const { node, attempt: number, queueMs } = events.UndoQueuedV1.decode(payload);
        this.start(node, compensation, queueMs, number);
        return;
      }
      case "attempt_started": {
        const { node, attempt: number, agent, startMs } = events.AttemptStartedV1.decode(payload);
        const open = this.openAt(node);
        if (open?.kind === compensation) open.agent = agent;
        else this.start(node, attempt, startMs, number).agent = agent;
        return;
      }
      case "attempt_failed": {
        const { node, attempt: number, agent, endMs } = events.AttemptFailedV1.decode(payload);
        const open = this.openAt(node);
        if (open?.kind === compensation) return;
        if (open !== undefined && agent !== "") open.agent = agent;
        this.start(node, backoff, endMs, number);
        return;
      }
      case "offer_returned": {
        const { node, attempt: number } = events.OfferReturnedV1.decode(payload);
        if (this.openAt(node)?.kind !== compensation) this.start(node, backoff, timeMs, number);
        return;
      }
      case "model_calls_noted": {
        const recorded = events.ModelCallsNotedV1.decode(payload);
        const open = this.openAt(recorded.node);
        this.modelCalls.push({ ...recorded, within: open?.kind === queue ? undefined : open });
        return;
      }
      default:
        this.#addWaitEvent(type, payload, timeMs);
    }
  }

  #addWaitEvent(type: string, payload: Uint8Array, timeMs: number): void {
    const started = waitStarts[type]?.(payload);
    if (started !== undefined) this.start(started.node ?? workNode, wait, timeMs, 0);
    const ended = taskEnds[type]?.(payload);
    if (ended !== undefined) this.end(ended.node, timeMs, ended.agent);
  }
}
