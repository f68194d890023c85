/** Events that a test posts, and the runs that wait for them. */
import { ErrorDetail, RetryClass } from "@tutti/contracts/types/v1";
import { CompleteTask, FailTask, TakeEvent } from "@tutti/contracts/workflow/v1";
import { type EmittedEvent, emittedEvent } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { type AwaitEvent, completeTask, failTask, type OfferTask, takeEvent } from "@tutti/machine-run";
import { bytesOf, jsonIn } from "./json.ts";
import type { Stage, StagedEffect } from "./stage.ts";

/** An event as a test posts it. */
export interface PostOptions {
  /** Default `event-1`, `event-2`, … The same one again has no further effect. */
  readonly id?: string;
  /** Default `/test`. */
  readonly source?: string;
}

interface Posted {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly timeMs: number;
  readonly bytes: Uint8Array;
}

interface Waiting {
  readonly staged: StagedEffect;
  readonly condition: AwaitEvent;
}

export class PostedEvents {
  readonly #stage: Stage;
  readonly #log: Posted[] = [];
  readonly #emitted: EmittedEvent[] = [];
  readonly #waiting = new Set<Waiting>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  post(type: string, data: unknown, options: PostOptions): void {
    const { id = `event-${this.#log.length + 1}`, source = "/test" } = options;
    const timeMs = this.#stage.nowMs;
    const time = new Date(timeMs).toISOString();
    const event = { specversion: "1.0", id, source, type, time, data: (data ?? null) as Json };
    const posted = { id, source, type, timeMs, bytes: bytesOf(event) };
    this.#log.push(posted);
    for (const waiting of [...this.#waiting]) this.#deliver(waiting, posted);
  }

  /** Events that tasks have emitted, in their order. */
  get emitted(): readonly EmittedEvent[] {
    return [...this.#emitted];
  }

  /** A task publishes an event. */
  emit(staged: StagedEffect, { taskId, input, readyMs }: OfferTask): void {
    const value = input instanceof Uint8Array ? jsonIn(input) : null;
    const event = emittedEvent(value, { runId: staged.key.id, taskId, readyMs });
    if ("problem" in event) {
      const error = ErrorDetail.fromPartial({
        ...{ code: "event.event_invalid", message: event.problem },
        retry: RetryClass.RETRY_CLASS_NEVER,
      });
      this.#stage.settle(staged, failTask, { ...FailTask.create(), error });
      return;
    }
    const { type, data, id, source, time } = event;
    this.#emitted.push(event);
    this.#stage.settle(staged, completeTask, {
      ...CompleteTask.create(),
      output: bytesOf({ id, source, type, time }),
    });
    this.post(type, data, { id, source });
  }

  /** A task that starts to wait sees the events since the start of its run. */
  await(staged: StagedEffect, condition: AwaitEvent): void {
    const waiting = { staged, condition };
    this.#waiting.add(waiting);
    for (const posted of this.#log) {
      if (!this.#waiting.has(waiting)) return;
      if (posted.timeMs >= condition.sinceMs) this.#deliver(waiting, posted);
    }
  }

  withdraw({ key, number }: StagedEffect): void {
    for (const waiting of this.#waiting)
      if (waiting.staged.key === key && waiting.staged.number === number) this.#waiting.delete(waiting);
  }

  #deliver({ staged, condition }: Waiting, { id, source, type, timeMs, bytes }: Posted): void {
    if (type !== condition.type || (condition.source !== "" && condition.source !== source)) return;
    const body = TakeEvent.fromPartial({ event: bytes, digest: `${source} ${id}`, timeMs });
    this.#stage.settle(staged, takeEvent, body);
  }
}
