/**
 * The commands and events for items that a machine stores by id: created, changed and removed alike in every kind.
 * Messages, limits and validation belong to the kind.
 *
 * 1. A change without an effect has no event, and its reply contains the existing revision.
 * 2. The removal of a missing item succeeds.
 */
import type { Cause } from "@tutti/contracts/types/v1";
import {
  type Command,
  isRefusal,
  type MachineEvent,
  type MachineStep,
  type Outstanding,
  type ReadOnly,
  type Refusal,
  type WireCodec,
} from "@tutti/kernel";
import { weightOf } from "./sameness.ts";
import {
  decided,
  type ItemRefusals,
  type Since,
  type Stored,
  type StoredKind,
  type StoreRequest,
} from "./stored.ts";

/** How a machine stores items of any kind. */
export interface Storing<State, Reply> {
  readonly refusals: ItemRefusals;
  readonly reply: WireCodec<Reply>;
  toReply(outcome: Outcome): Reply;
  /** Counts a change, and returns its record. */
  changed(state: State, atMs: number, cause: Cause | undefined, before: Since | undefined): Since;
  /** Refuses an item if there is no room. */
  room?(state: ReadOnly<State>, weight: number): Refusal | undefined;
  /** Adds to the total weight. */
  weigh?(state: State, difference: number): void;
}

/** Result of a command. */
interface Outcome {
  /** Revision of the item if it already has the wanted value, otherwise of the machine's last change. */
  readonly revision: number;
  /** Whether it existed before. */
  readonly existed: boolean;
  readonly removed: boolean;
}

/** A kind of item in a machine, and its location in the state. */
export interface Collection<State, T, Reply> extends StoredKind<T>, Storing<State, Reply> {
  of(state: State): Map<string, Stored<T>>;
}

interface Counted {
  readonly changes: number;
}

interface Event<Body> {
  readonly type: string;
  readonly codec: WireCodec<Body>;
}

/** Further effects of an event. Receives the previous item. */
type After<State, T, Body, Effect> = (
  state: State,
  before: Stored<T> | undefined,
  body: Body,
  outstanding: Outstanding<Effect>,
) => void;

/** An item was created or changed. */
export function storedEvent<
  State,
  T,
  Reply,
  Body extends { readonly cause: Cause | undefined },
  Effect = never,
>(
  kind: Collection<State, T, Reply>,
  event: Event<Body> & {
    readonly valueOf: (body: Body) => T | undefined;
    readonly atMs: (body: Body) => number;
    readonly after?: After<State, T, Body, Effect> | undefined;
  },
): MachineEvent<State, Effect, Body> {
  const { type, codec, atMs, after } = event;
  return {
    type,
    version: 1,
    codec,
    described: true,
    evolve(state, body, outstanding) {
      const value = event.valueOf(body);
      if (value === undefined) return;
      const all = kind.of(state);
      const id = kind.idOf(value as ReadOnly<T>);
      const before = all.get(id);
      kind.weigh?.(state, weightOf(kind.codec, value) - weightBefore(kind, before));
      all.set(id, { value, ...kind.changed(state, atMs(body), body.cause, before) });
      after?.(state, before, body, outstanding);
    },
  };
}

/** An item was removed. */
export function removedEvent<State extends { changes: number }, T, Reply, Body, Effect = never>(
  kind: Collection<State, T, Reply>,
  event: Event<Body> & {
    readonly idOf: (body: Body) => string;
    readonly after?: After<State, T, Body, Effect> | undefined;
  },
): MachineEvent<State, Effect, Body> {
  const { type, codec, idOf, after } = event;
  return {
    type,
    version: 1,
    codec,
    described: true,
    evolve(state, body, outstanding) {
      const id = idOf(body);
      const before = kind.of(state).get(id);
      state.changes += 1;
      kind.weigh?.(state, -weightBefore(kind, before));
      kind.of(state).delete(id);
      after?.(state, before, body, outstanding);
    },
  };
}

/** Creates or changes an item. */
export function storeCommand<State extends Counted, T, Reply, Body, EventBody, Effect = never>(
  kind: Collection<State, T, Reply>,
  command: Event<Body> & {
    readonly requestOf: (body: Body) => StoreRequest<T>;
    readonly event: MachineEvent<State, Effect, EventBody>;
    readonly toEvent: (value: T, atMs: number, cause: Cause) => EventBody;
    /** Further checks of the machine. */
    readonly check?: (
      state: ReadOnly<State>,
      value: T,
      body: Body,
      step: MachineStep<State, Effect>,
    ) => Refusal | undefined;
  },
): Command<State, Body, Reply, Effect> {
  const { type, codec, requestOf, event, toEvent, check } = command;
  return {
    type,
    codec,
    reply: kind.reply,
    decide(view, body, step) {
      // The cast is safe: the value is only read.
      const state = view as State;
      const all = kind.of(state);
      const found = decided(kind, all, requestOf(body), kind.refusals);
      if (isRefusal(found)) return found;
      if (found.kind === "same")
        return kind.toReply({ revision: found.revision, existed: true, removed: false });
      const { id, value } = found;
      const existed = all.has(id);
      const refusal = check?.(view, value, body, step) ?? kind.room?.(view, weightOf(kind.codec, value));
      if (refusal !== undefined) return refusal;
      step.emit(event, toEvent(value, step.nowMs, step.cause));
      return kind.toReply({ revision: state.changes, existed, removed: false });
    },
  };
}

/** Removes an item if it exists. */
export function removeCommand<State extends Counted, T, Reply, Body, EventBody, Effect = never>(
  kind: Collection<State, T, Reply>,
  command: Event<Body> & {
    readonly idOf: (body: Body) => string;
    readonly event: MachineEvent<State, Effect, EventBody>;
    readonly toEvent: (body: Body, atMs: number, cause: Cause) => EventBody;
  },
): Command<State, Body, Reply, Effect> {
  const { type, codec, idOf, event, toEvent } = command;
  return {
    type,
    codec,
    reply: kind.reply,
    decide(view, body, step) {
      // The cast is safe: the value is only read.
      const state = view as State;
      const existed = kind.of(state).has(idOf(body));
      if (existed) step.emit(event, toEvent(body, step.nowMs, step.cause));
      return kind.toReply({ revision: state.changes, existed, removed: existed });
    },
  };
}

function weightBefore<T>({ codec }: StoredKind<T>, before: Stored<T> | undefined): number {
  return before === undefined ? 0 : weightOf(codec, before.value);
}
