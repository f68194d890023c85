/** A decoded event of a run: the input of texts, filters and trajectories. */
import type { Cause } from "../generated/types.ts";

export interface EventActor {
  readonly kind: string;
  readonly id: string;
  readonly reason: string;
}

export interface EventFacts {
  /** Number, from 1. */
  readonly number: number;
  readonly timeMs: number;
  readonly type: string;
  /** Empty for an event of the run itself. */
  readonly task: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly actor: EventActor | undefined;
}

/** An event as the API sends it. */
export interface EventJson {
  readonly event?: number;
  readonly timeMs?: number;
  readonly type: string;
  readonly taskId?: string;
  readonly details?: unknown;
  readonly cause?: Cause;
}

export function eventOf({ event = 0, timeMs = 0, type, taskId = "", details, cause }: EventJson): EventFacts {
  return {
    number: event,
    timeMs,
    type,
    task: taskId,
    details: typeof details === "object" && details !== null ? (details as EventFacts["details"]) : {},
    actor: eventActorOf(cause),
  };
}

export function eventActorOf(cause: Cause | undefined): EventActor | undefined {
  const { actor, reason = "" } = cause ?? {};
  return actor === undefined ? undefined : { kind: actor.kind ?? "", id: actor.id ?? "", reason };
}
