/**
 * The spans of a mission, from its events.
 *
 * An attempt that ended before its start was recorded took a negligible time: all of it counts as queue.
 */
import * as events from "@tutti/contracts/swarm/v1";
import { SpanKind } from "@tutti/contracts/types/v1";
import { type Recorded, SpentTime, workNode } from "@tutti/host/serving";

type Decode = (payload: Uint8Array) => { readonly node: number; readonly agent?: string };

const taskEnds: Readonly<Record<string, Decode>> = {
  task_completed: (payload) => events.TaskCompletedV1.decode(payload),
  task_failed: (payload) => events.TaskFailedV1.decode(payload),
  task_skipped: (payload) => events.TaskSkippedV1.decode(payload),
  task_cancelled: (payload) => events.TaskCancelledV1.decode(payload),
};

const missionEnds: ReadonlySet<string> = new Set(
  ["completed", "failed", "cancelled", "terminated"].map((end) => `mission_${end}`),
);

export class Spans extends SpentTime {
  /** Ids of tasks by their numbers. */
  readonly tasks: string[] = [];

  apply({ type, payload, timeMs }: Recorded): void {
    if (missionEnds.has(type)) {
      this.endWork(timeMs);
      return;
    }
    const end = taskEnds[type]?.(payload);
    if (end !== undefined) this.end(end.node, timeMs, end.agent);
    else if (type.startsWith("mission_")) this.#applyMissionEvent(type, payload, timeMs);
    else this.#applyTaskEvent(type, payload, timeMs);
  }

  #applyMissionEvent(type: string, payload: Uint8Array, timeMs: number): void {
    switch (type) {
      case "mission_started": {
        const { order, createMs } = events.MissionStartedV1.decode(payload);
        this.tasks.push(...(order?.spec?.tasks ?? []).map(({ id }) => id));
        this.startWork(createMs);
        return;
      }
      case "mission_paused":
        this.start(workNode, SpanKind.SPAN_KIND_WAIT, timeMs, 0);
        return;
      case "mission_resumed":
        this.end(workNode, timeMs);
        return;
    }
  }

  #applyTaskEvent(type: string, payload: Uint8Array, timeMs: number): void {
    switch (type) {
      case "tasks_added":
        this.tasks.push(...events.TasksAddedV1.decode(payload).tasks.map(({ id }) => id));
        return;
      case "task_queued": {
        const { node, attempt, queueMs } = events.TaskQueuedV1.decode(payload);
        this.start(node, SpanKind.SPAN_KIND_QUEUE, queueMs, attempt);
        return;
      }
      case "attempt_begun": {
        const { node, attempt, agent, beginMs } = events.AttemptBegunV1.decode(payload);
        this.start(node, SpanKind.SPAN_KIND_ATTEMPT, beginMs, attempt).agent = agent;
        return;
      }
      case "task_claimed": {
        const { node, attempt, agent, claimMs } = events.TaskClaimedV1.decode(payload);
        this.start(node, SpanKind.SPAN_KIND_ATTEMPT, claimMs, attempt).agent = agent;
        return;
      }
      case "attempt_failed": {
        const { node, attempt, agent, endMs } = events.AttemptFailedV1.decode(payload);
        this.end(node, endMs, agent);
        this.start(node, SpanKind.SPAN_KIND_BACKOFF, endMs, attempt);
        return;
      }
      case "attempt_returned": {
        const { node, attempt, endMs } = events.AttemptReturnedV1.decode(payload);
        this.start(node, SpanKind.SPAN_KIND_BACKOFF, endMs, attempt);
        return;
      }
      case "model_calls_noted": {
        const calls = events.ModelCallsNotedV1.decode(payload);
        const open = this.openAt(calls.node);
        const within = open?.kind === SpanKind.SPAN_KIND_ATTEMPT ? open : undefined;
        this.modelCalls.push({ ...calls, within });
        return;
      }
      case "task_held":
        this.start(events.TaskHeldV1.decode(payload).node, SpanKind.SPAN_KIND_WAIT, timeMs, 0);
        return;
      case "task_paused":
        this.start(events.TaskPausedV1.decode(payload).node, SpanKind.SPAN_KIND_WAIT, timeMs, 0);
        return;
      case "child_queued": {
        const { node, attempt, queueMs } = events.ChildQueuedV1.decode(payload);
        this.start(node, SpanKind.SPAN_KIND_WAIT, queueMs, attempt);
        return;
      }
      case "task_resumed":
        this.end(events.TaskResumedV1.decode(payload).node, timeMs);
        return;
    }
  }
}
