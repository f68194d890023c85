/** Notes of the events of machines: taken when an event is decided, published when it is durable. */
import { contractEvent, type EventInput } from "@tutti/bus";
import type { EventDescription } from "@tutti/contracts/event";
import type { EventHeader } from "@tutti/contracts/events/v1";
import type { Cause, ErrorDetail } from "@tutti/contracts/types/v1";
import { type InstanceKey, type MachineEvent, toTimestamp } from "@tutti/kernel";
import type { Happening } from "@tutti/runtime";

/** Subject and start time of a note. */
export interface NoteHead {
  readonly key: InstanceKey;
  readonly event: number;
  readonly timeMs: number;
  readonly cause: Cause;
}

/**
 * Returns the content of a note, as a function of the event. It keeps nothing of the machine's own state, which will
 * change.
 */
export type NoteOf<State, Body> = (state: State, body: Body, happening: Happening) => unknown;

/** A machine with the functions that note its events, by the names of the events. */
export interface PublishedMachine {
  readonly machine: { readonly events: readonly MachineEvent<never>[] };
  readonly notes: Readonly<Record<string, NoteOf<never, never>>>;
}

export function headOf({ key, event, timeMs, cause }: Happening): NoteHead {
  return { key, event, timeMs, cause };
}

/** A note that becomes an event of the contract. It keeps nothing of the machine's own state, which will change. */
export interface EventNote<Payloads, T extends keyof Payloads = keyof Payloads> extends NoteHead {
  readonly kind: "event";
  readonly type: T;
  /** The payload without its header. */
  readonly body: Omit<Payloads[T], "header">;
  /** Index among several contract events of one type for one event of the machine, from 0. */
  readonly part: number;
}

/** A failed attempt with a following one: it has a line in the log, and no event. */
export interface RetryNote extends NoteHead {
  readonly kind: "retry";
  readonly task: string;
  readonly attempt: number;
  readonly code: string;
}

export function retryNote(
  happening: Happening,
  task: string,
  { attempt, error }: { readonly attempt: number; readonly error: ErrorDetail | undefined },
): RetryNote {
  return { kind: "retry", ...headOf(happening), task, attempt, code: error?.code ?? "" };
}

/** Returns the functions that make the notes of a service, and events of them. */
export function eventNotesOf<
  Payloads extends { readonly [T in keyof Payloads]: { readonly header: EventHeader | undefined } },
>(source: string, descriptions: { readonly [T in keyof Payloads]: EventDescription<Payloads[T]> }) {
  return {
    eventNote<T extends keyof Payloads>(
      happening: Happening,
      type: T,
      body: Omit<Payloads[T], "header">,
      part = 0,
    ): EventNote<Payloads, T> {
      return { kind: "event", ...headOf(happening), type, body, part };
    },
    eventOf<T extends keyof Payloads>({
      key,
      event,
      timeMs,
      cause,
      type,
      body,
      part = 0,
    }: Omit<EventNote<Payloads, T>, "kind" | "part"> & { readonly part?: number }): EventInput {
      const { namespace, id: resource } = key;
      const header: EventHeader = { namespace, resource, sequence: event, time: toTimestamp(timeMs), cause };
      // The body is the payload of exactly this type without its header.
      const payload = { ...body, header } as unknown as Payloads[T];
      return contractEvent(descriptions[type], payload, { source, part });
    },
  };
}
