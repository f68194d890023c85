/**
 * The machine contract: what a kind of durable thing is made of. Everything here is pure. The runtime hosts it.
 *
 * 1. `decide` sees a read-only state and says what happens: it emits events and answers, or refuses. It changes nothing
 *    itself, and a refusal emits nothing.
 * 2. `evolve` alone changes the state, by events alone. It may mutate what it is given: the runtime owns the state.
 *    The same events give the same state in every release that reads them.
 * 3. Time and chance come from the step and enter the events. Time never runs backwards.
 * 4. Which effects and timers are outstanding follows from the state: what `evolve` notes while folding adds up to what
 *    `recover` finds in the state, after every event.
 * 5. An effect is done at least once, and its result counts once: later ones for the same number or an older attempt
 *    never reach `decide`.
 * 6. A timer that came due stays set until a fold clears or moves it: `expire` emits an event that does.
 * 7. A message is a command of its receiver, be it one that does not exist. A refusal of a message goes nowhere: what has
 *    to be answered is answered by a message back, with or without an event.
 */
import type { Cause, WorkStatus } from "@tutti/contracts/types/v1";
import type { Refusal } from "../errors/refusal.ts";
import type { InstanceAddress, InstanceKey } from "./instance-key.ts";
import type { WireCodec } from "./wire.ts";

/** A kind of machine: the table of what it understands, and how its state is kept. */
export interface Machine<State, Effect = unknown> {
  /** `run`, `account`: part of every key, lower case. */
  readonly kind: string;
  /**
   * Newest version of what its deciders do, from 1. Raised when a decider emits, or a snapshot has, what the release
   * before does not read: until every possible reader can, an older one is in force, and the step says which.
   */
  readonly behaviour: number;
  /**
   * True for a kind whose instances continue for ever, like a schedule: no bound on the number of events holds for
   * them. Others let an instance end and continue as a new one. Default false.
   */
  readonly isEndless?: boolean;
  /**
   * Its events have what its lists leave out, such as hashes of credentials and sealed values: no caller with a credential
   * reads them. Default false.
   */
  readonly isConfidential?: boolean;
  /**
   * It does no work itself, and what does needs it to be seen: its effects and timers continue while work is paused.
   */
  readonly goesOnPaused?: boolean;
  /**
   * Has content at hand, of a namespace and by its SHA-256, that folds, snapshots or deciders read: absent in machines
   * whose records say everything. The host of the machine waits for it before it hands over what `needs` it. Undefined
   * says that nothing has to be waited for. Rejects when the content is not to be had.
   */
  readonly prepare?: (namespace: string, sha256: Uint8Array) => Promise<void> | undefined;
  /** Returns the state of an instance that has no events yet. */
  create(key: InstanceKey): State;
  /** Every command, by its type. */
  readonly commands: readonly Command<State>[];
  /** Every version of every event that was ever released. */
  readonly events: readonly MachineEvent<State, Effect>[];
  /** Every question that is answered from the state without changing it. */
  readonly queries: readonly Query<State>[];
  /** A timer that was set has come due. Absent in machines that set none. */
  readonly expire?: (state: ReadOnly<State>, timer: number, step: MachineStep<State, Effect>) => void;
  readonly snapshots: SnapshotCodec<State>;
  /** Says all that is outstanding in a state: what a load starts with. */
  recover(state: ReadOnly<State>, outstanding: Outstanding<Effect>): void;
  /** What lists and searches show. */
  describe(state: ReadOnly<State>): Description;
  /** The state as plain JSON: the same for the same events in every release. What golden histories compare. */
  project(state: ReadOnly<State>): unknown;
}

/** What says of itself that nothing in it changes, such as a plan that many instances share: deciders see it as it is. */
export interface Unchanging {
  readonly isUnchanging: true;
}

/** What a decider may look at. */
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
  /** How its reply is remembered for a repetition under the same idempotency key. */
  readonly reply: WireCodec<Reply>;
  /** Hashes of the content that its decider reads, where it comes as a message. A caller has prepared it. */
  needs?(body: Body): Iterable<Uint8Array>;
  decide(state: ReadOnly<State>, body: Body, step: MachineStep<State, Effect>): Reply | Refusal;
}

/** One version of an event with the function that folds it. */
// biome-ignore lint/suspicious/noExplicitAny: a table holds events of many bodies. Each keeps its own types
export interface MachineEvent<State, Effect = any, Body = any> {
  /** Past participle with its noun: `account_opened`. */
  readonly type: string;
  /** Version of the message, from 1. A released version stays as it is. A change is the next one. */
  readonly version: number;
  readonly codec: WireCodec<Body>;
  evolve(state: State, body: Body, outstanding: Outstanding<Effect>): void;
  /** True when what `describe` says may change with it. The first event of an instance always counts as such. */
  readonly described?: boolean;
  /**
   * Hashes of the blobs that the event names, of the instance's namespace: they are kept as long as the instance. Absent
   * in events that name none. Events that were recorded before a release has it are not asked again.
   */
  blobs?(body: Body): Iterable<Uint8Array>;
  /** Hashes of the content that its fold reads, beside that of earlier events: it is prepared before. */
  needs?(body: Body): Iterable<Uint8Array>;
}

/** A question that is answered from the state. */
// biome-ignore lint/suspicious/noExplicitAny: a table holds queries of many bodies. Each keeps its own types
export interface Query<State, Body = any, Reply = any> {
  readonly type: string;
  answer(state: ReadOnly<State>, body: Body, at: Moment): Reply | Refusal;
}

/** Of which instance a question is asked, and when. */
export interface Moment {
  readonly key: InstanceKey;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
}

/** What a decider is given beside state and command. Valid only while it decides. */
export interface MachineStep<State, Effect = unknown> {
  readonly key: InstanceKey;
  /** How many events the instance has: the number of the one that was emitted last. 0 before the first. */
  readonly events: number;
  /** Milliseconds since the Unix epoch. That of the batch, never smaller than in an earlier step of the partition. */
  readonly nowMs: number;
  /** The caller, the trace and the policy decision. Recorded with every event. */
  readonly cause: Cause;
  /** The version of the machine's behaviour that is in force here: never newer than its own. */
  readonly behaviour: number;
  /** When the command is the result of an effect: which. */
  readonly settles: { readonly number: number; readonly attempt: number } | undefined;
  /** Returns a number in [0, 1). */
  random(): number;
  /** The event has happened: it is folded at once, and `state` shows it from here on. */
  emit<Body>(event: MachineEvent<State, Effect, Body>, body: Body): void;
  /** Sends a message to another machine: it arrives once, after everything sent from here to there before. */
  send<Body>(to: InstanceAddress, message: Message<Body>, body: Body): void;
}

/** What is outstanding, as the fold sees it. */
export interface Outstanding<Effect = unknown> {
  /**
   * To be done. A higher attempt of the same number replaces the one before. The same attempt, as long as it is
   * outstanding, says that it is wanted otherwise, such as more urgently: its executor gets the change, and applies it as
   * far as there is time.
   */
  effect(number: number, attempt: number, effect: Effect): void;
  /** No longer wanted or no longer awaited. Nothing when there is no such. */
  settled(number: number): void;
  /** `expire` is called with this number at or after the moment. Setting it again moves it. */
  timer(number: number, dueMs: number): void;
  /** Nothing when there is no such. */
  cleared(number: number): void;
}

/** How an instance's state is kept between its events. */
export interface SnapshotCodec<State> {
  /** Version of the encoding that `encode` writes, from 1. */
  readonly version: number;
  encode(state: ReadOnly<State>): Uint8Array;
  /** What is written instead while an older behaviour is in force. Absent where every behaviour writes the same. */
  earlier?(behaviour: number): Pick<SnapshotCodec<State>, "version" | "encode"> | undefined;
  /** Hashes of the content that reading it needs: it is prepared before. */
  needs?(bytes: Uint8Array, version: number): Iterable<Uint8Array>;
  /** Reads every version that was ever released. An older one is brought up on the way. */
  decode(bytes: Uint8Array, version: number): State;
}

/** What is shown of an instance without asking it. */
export interface Description {
  readonly status: WorkStatus;
  /** Name of what it executes. Empty where there is no definition. */
  readonly definition: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Who started it chose its id: after it is gone the id stays taken for a while. */
  readonly idChosen: boolean;
  /** From its end to its removal, milliseconds. Undefined: as for all of its kind. */
  readonly keepMs?: number | undefined;
  /** Since when it is to be kept no longer, though its time is not over. Only of one that has ended. */
  readonly removedMs?: number | undefined;
}
