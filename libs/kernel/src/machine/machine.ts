/**
 * The machine contract: the parts of a kind of durable object. Everything here is pure. The runtime hosts it.
 *
 * 1. `decide` reads a read-only state, and emits events and replies, or refuses. It changes nothing itself, and a
 *    refusal emits nothing.
 * 2. Only `evolve` changes the state, and only by events. It may mutate the state, which the runtime owns. The same
 *    events give the same state in every release that reads them.
 * 3. Time and chance come from the step and enter the events. Time never runs backwards.
 * 4. The outstanding effects and timers follow from the state. After every event, the sum of the notes of `evolve`
 *    equals the findings of `recover`.
 * 5. An effect is executed at least once, and its result counts once: later results for the same number or an older
 *    attempt never reach `decide`.
 * 6. A timer that came due stays set until a fold clears or moves it: `expire` emits an event that does.
 * 7. A message is a command to its receiver, even if the receiver does not exist. A refusal of a message is not sent
 *    back: an answer is a message in the other direction, with or without an event.
 */
import type { Cause, WorkStatus } from "@tutti/contracts/types/v1";
import type { Refusal } from "../errors/refusal.ts";
import type { InstanceAddress, InstanceKey } from "./instance-key.ts";
import type { WireCodec } from "./wire.ts";

/** A kind of machine: its table of commands, events and queries, and the encoding of its state. */
export interface Machine<State, Effect = unknown> {
  /** Name of the kind, such as `run` or `account`: part of every key, lower case. */
  readonly kind: string;
  /**
   * Newest version of its deciders' behaviour, from 1. Raised when a decider emits an event, or a snapshot has a form,
   * that the release before cannot read. Until every possible reader can, an older version is active, and the step
   * names it.
   */
  readonly behaviour: number;
  /**
   * True for a kind whose instances never end, like a schedule: their number of events is unbounded. Instances of other
   * kinds end and continue as new ones. Default: false.
   */
  readonly isEndless?: boolean;
  /**
   * Its events contain data that its lists leave out, such as hashes of credentials and sealed values, so callers with
   * a credential cannot read them. Default: false.
   */
  readonly isConfidential?: boolean;
  /**
   * It does no work itself, but working machines need it to be visible. So its effects and timers continue while work
   * is paused.
   */
  readonly runsWhilePaused?: boolean;
  /**
   * Loads content, by namespace and SHA-256, that folds, snapshots or deciders read. Absent if the records of the
   * machine contain everything. The host waits for it before it passes data that `needs` the content. Undefined means
   * that there is nothing to wait for. Rejects if the content is unavailable.
   */
  readonly prepare?: (namespace: string, sha256: Uint8Array) => Promise<void> | undefined;
  /** Returns the state of an instance that has no events yet. */
  create(key: InstanceKey): State;
  /** Every command, by its type. */
  readonly commands: readonly Command<State>[];
  /** Every version of every event that was ever released. */
  readonly events: readonly MachineEvent<State, Effect>[];
  /** Every query, answered from the state without changing it. */
  readonly queries: readonly Query<State>[];
  /** Called when a timer has come due. Absent if the machine sets no timers. */
  readonly expire?: (state: ReadOnly<State>, timer: number, step: MachineStep<State, Effect>) => void;
  readonly snapshots: SnapshotCodec<State>;
  /** Reports all outstanding effects and timers of a state, when it is loaded. */
  recover(state: ReadOnly<State>, outstanding: Outstanding<Effect>): void;
  /** Returns the data for lists and searches. */
  describe(state: ReadOnly<State>): Description;
  /** Returns the state as plain JSON: equal for the same events in every release. Golden histories compare it. */
  project(state: ReadOnly<State>): unknown;
}

/** An object that declares itself immutable, such as a plan that many instances share. Deciders see it unchanged. */
export interface Unchanging {
  readonly isUnchanging: true;
}

/** The view of a value in a decider. */
export type ReadOnly<T> = T extends ((...args: never[]) => unknown) | Unchanging
  ? T
  : T extends Map<infer K, infer V>
    ? ReadonlyMap<K, ReadOnly<V>>
    : T extends Set<infer V>
      ? ReadonlySet<V>
      : T extends Uint8Array
        ? T
        : T extends object
          ? { readonly [Key in keyof T]: ReadOnly<T[Key]> }
          : T;

/** A message to an instance, from another instance or from a caller. */
export interface Message<Body> {
  /** Imperative: `transfer`, `open`. Unique within the machine. */
  readonly type: string;
  readonly codec: WireCodec<Body>;
}

/** A command with its decider. */
// biome-ignore lint/suspicious/noExplicitAny: a table holds commands of many bodies. Each keeps its own types
export interface Command<State, Body = any, Reply = any, Effect = any> extends Message<Body> {
  /** Encoding of its reply, which is remembered for a repetition under the same idempotency key. */
  readonly reply: WireCodec<Reply>;
  /** Hashes of the content that its decider reads if it comes as a message. A caller has prepared it. */
  needs?(body: Body): Iterable<Uint8Array>;
  decide(state: ReadOnly<State>, body: Body, step: MachineStep<State, Effect>): Reply | Refusal;
}

/** One version of an event with the function that folds it. */
// biome-ignore lint/suspicious/noExplicitAny: a table holds events of many bodies. Each keeps its own types
export interface MachineEvent<State, Effect = any, Body = any> {
  /** Past participle with its noun: `account_opened`. */
  readonly type: string;
  /** Version of the message, from 1. A released version never changes. A change is the next version. */
  readonly version: number;
  readonly codec: WireCodec<Body>;
  evolve(state: State, body: Body, outstanding: Outstanding<Effect>): void;
  /** True if the result of `describe` may change with it. The first event of an instance always counts as such. */
  readonly described?: boolean;
  /**
   * Returns the hashes of the blobs that the event names, of the instance's namespace: they are kept as long as the
   * instance. Absent if the event names none. Events that were recorded by a release without it are not read again.
   */
  blobs?(body: Body): Iterable<Uint8Array>;
  /**
   * Returns the hashes of the content that its fold reads, in addition to that of earlier events. It is prepared first.
   */
  needs?(body: Body): Iterable<Uint8Array>;
}

/** A query that is answered from the state. */
// biome-ignore lint/suspicious/noExplicitAny: a table holds queries of many bodies. Each keeps its own types
export interface Query<State, Body = any, Reply = any> {
  readonly type: string;
  answer(state: ReadOnly<State>, body: Body, at: Moment): Reply | Refusal;
}

/** The instance and the time of a query. */
export interface Moment {
  readonly key: InstanceKey;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
}

/** Context of a decider besides state and command. Valid only while it decides. */
export interface MachineStep<State, Effect = unknown> {
  readonly key: InstanceKey;
  /** Number of events of the instance, which is the number of the last one. 0 before the first. */
  readonly events: number;
  /** Time of the batch, milliseconds since the Unix epoch. Never smaller than in an earlier step of the partition. */
  readonly nowMs: number;
  /** The caller, the trace and the policy decision. Recorded with every event. */
  readonly cause: Cause;
  /** The active version of the machine's behaviour: never newer than its own. */
  readonly behaviour: number;
  /** The effect whose result the command is. Undefined for other commands. */
  readonly settles: { readonly number: number; readonly attempt: number } | undefined;
  /** Returns a number in [0, 1). */
  random(): number;
  /** Emits an event: it is folded at once, and `state` contains it from here on. */
  emit<Body>(event: MachineEvent<State, Effect, Body>, body: Body): void;
  /** Sends a message to another machine. It arrives once, after all earlier messages from here to there. */
  send<Body>(to: InstanceAddress, message: Message<Body>, body: Body): void;
}

/** Collects outstanding effects and timers during a fold. */
export interface Outstanding<Effect = unknown> {
  /**
   * An effect to execute. A higher attempt of the same number replaces the one before. The same attempt, while it is
   * outstanding, changes the request, such as its priority: its executor gets the change and applies it if there is
   * time.
   */
  effect(number: number, attempt: number, effect: Effect): void;
  /** The effect is no longer required or awaited. Ignored if there is none. */
  settled(number: number): void;
  /** `expire` is called with this number at or after the moment. Setting it again moves it. */
  timer(number: number, dueMs: number): void;
  /** Clears a timer. Ignored if there is none. */
  cleared(number: number): void;
}

/** Encoding of an instance's state between its events. */
export interface SnapshotCodec<State> {
  /** Version of the encoding that `encode` writes, from 1. */
  readonly version: number;
  encode(state: ReadOnly<State>): Uint8Array;
  /** Returns the encoding to use while an older behaviour is active. Absent if every behaviour writes the same. */
  earlier?(behaviour: number): Pick<SnapshotCodec<State>, "version" | "encode"> | undefined;
  /** Returns the hashes of the content that decoding needs. It is prepared first. */
  needs?(bytes: Uint8Array, version: number): Iterable<Uint8Array>;
  /** Decodes every version that was ever released, and upgrades an older one. */
  decode(bytes: Uint8Array, version: number): State;
}

/** Data of an instance for lists and searches. */
export interface Description {
  readonly status: WorkStatus;
  /** Name of the definition that it executes. Empty if there is none. */
  readonly definition: string;
  readonly labels: Readonly<Record<string, string>>;
  /** True if the starter chose its id: the id stays reserved for a while after its removal. */
  readonly idChosen: boolean;
  /** From its end to its removal, milliseconds. Undefined: the default of its kind. */
  readonly keepMs?: number | undefined;
  /** Time of an early removal. Only for an ended instance. */
  readonly removedMs?: number | undefined;
}
