/**
 * The interface between the runtime and the service that hosts machines on it.
 *
 * Every answer, including refusals and reads, is given only when everything that the decision could have seen is
 * durable. Nothing durable happens without an answer, but an answer may get lost: then it is `runtime.outcome_unknown`,
 * and the caller repeats under the same idempotency key or token.
 */
import type { Actor, Cause } from "@tutti/contracts/types/v1";
import type { Command, EnvelopeBatch, InstanceKey, MachineEvent, Query, Refusal } from "@tutti/kernel";
import type { BehaviourLevels } from "./behaviour/behaviours.ts";

/** A command on its way. Made by the caller that submits it. The runtime answers exactly once. */
export interface Submission {
  /** Undefined if the token alone identifies the instance. */
  readonly key: InstanceKey | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: an inbox holds commands of many machines
  readonly command: Command<any>;
  readonly body: unknown;
  readonly cause: Cause;
  /** Empty, or the key under which a repetition gets the first reply. */
  readonly idempotencyKey: string;
  /** Set if the command is the result of an effect: the token of that effect. */
  readonly token: EffectToken | undefined;
  /** Called once, from a batch of answers. Must not throw or block. */
  reply(outcome: Outcome): void;
}

/** Result of a submission. `ignored`: the effect was settled already, or another attempt is awaited. */
export type Outcome =
  | { readonly kind: "done"; readonly reply: unknown }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "ignored" };

/** State of an instance as far as the runtime itself knows it. */
export interface InstanceFacts {
  /** Number of its latest durable event. */
  readonly events: number;
  readonly isEnded: boolean;
  readonly startedBy: Actor | undefined;
}

/** Names one attempt of one effect of one instance. Sixteen bytes on the wire. */
export interface EffectToken {
  readonly partition: number;
  /** Incarnation of the instance in its partition. */
  readonly incarnation: number;
  readonly number: number;
  readonly attempt: number;
}

/** An effect to start. */
export interface DueEffect {
  readonly key: InstanceKey;
  readonly token: EffectToken;
  readonly effect: unknown;
  readonly cause: Cause | undefined;
  /** Found in a loaded instance: an earlier owner may have started it. */
  readonly isRecovered: boolean;
}

/** Executes the effects of machines. Results come back as commands with the token. */
export interface Effects {
  /**
   * Starts these effects. All are durable. Called again with the same tokens after a restart or a move. Do not keep the
   * array: the partition reuses it after the call.
   */
  dispatch(effects: readonly DueEffect[]): void;
  /** Cancels effects that were settled or replaced. That is durable. */
  withdraw(tokens: readonly EffectToken[]): void;
  /**
   * Releases effects whose partition moves or is loaded again. The next owner dispatches them under the same tokens,
   * except those that were settled by events of unknown outcome which turn out to be durable. Work that was started for
   * them may continue there. Absent if a release is the same as a withdrawal.
   */
  release?(tokens: readonly EffectToken[]): void;
  /** Receives the events of instances. Absent if there is no listener. */
  readonly eventListener?: MachineEventListener;
}

/**
 * Receives events of instances. The listener notes an event while it is decided. The note is reported when
 * the event is durable, in the order of the partition. Events that never become durable are not reported. The
 * next owner of the partition reports again the events of the last ten seconds, because it does not know what
 * its predecessor had reported.
 */
export interface MachineEventListener {
  /** The notes by event. An event without a note costs one look-up in the map. */
  // biome-ignore lint/suspicious/noExplicitAny: a map holds events of many machines, each with its own types
  readonly notes: ReadonlyMap<MachineEvent<any>, NoteFactory>;
  /** Called once per batch that has notes. A note that failed is replaced by its error. Must not block. */
  handle(notes: readonly unknown[]): void;
}

/**
 * Called before the event is folded, with the state before it. The fold may change both, so the note must
 * copy what is reported. Undefined for nothing.
 */
export type NoteFactory = (happening: Happening) => unknown;

/** An event as it happens. */
export interface Happening {
  readonly key: InstanceKey;
  /** Number of the event within its instance. */
  readonly event: number;
  readonly body: unknown;
  readonly state: unknown;
  readonly timeMs: number;
  readonly cause: Cause;
}

/** A question to an instance. */
export interface Question<Body, Reply> {
  readonly key: InstanceKey;
  // biome-ignore lint/suspicious/noExplicitAny: a question knows its own types
  readonly query: Query<any, Body, Reply>;
  readonly body: Body;
}

/** The runtime of one service in one process, as its service sees it. */
export interface RuntimeOfService {
  readonly service: string;
  readonly partitions: number;
  /** Returns the partition of an instance: the same in every process and release. */
  partitionOf(key: InstanceKey): number;
  /**
   * Puts a command into its partition's inbox. Refused at once when the inbox is full or the partition is elsewhere.
   */
  submit(submission: Submission): void;
  /** Submits one command. Resolves with the reply. Throws a refusal as its error. */
  execute<Body, Reply>(order: Order<Body, Reply>): Promise<Reply>;
  /**
   * Answers from the state, once everything the state rests on is durable and this process was still the owner after
   * reading.
   */
  query<Body, Reply>(question: Question<Body, Reply>): Promise<Reply>;
  /**
   * Accepts messages for one of its partitions. Resolves with the number up to which all messages of the channel are
   * durable.
   */
  receive(partition: number, batch: EnvelopeBatch): Promise<number>;
  /**
   * Prepares for a partition that another process still owns and that will move here. This shortens the time without an
   * owner. Absent if preparation makes no difference.
   */
  readonly prepare?: ((partition: number) => Promise<void>) | undefined;
  /** Starts to own a partition: seals its journal under this epoch or a newer one, and loads it. */
  own(partition: number, epoch: number): Promise<void>;
  /** Releases a partition: work in progress becomes durable or is answered as unknown, then nothing more is decided. */
  disown(partition: number): Promise<void>;
  /** Returns the state of each owned partition. */
  partitionStatuses(): readonly PartitionStatus[];
  /** The owned partitions whose journal or archive cannot be read. Costs less than their whole status. */
  failedPartitions(): readonly number[];
  /** Greatest lag of the index among the owned partitions. */
  indexLagMs(): number;
  /** Resolves when the index contains everything of owned partitions that was durable at the time of the call. */
  indexed(): Promise<void>;
  /** Behaviours of its machines. Absent if all are at their first. */
  readonly behaviours?: BehaviourLevels;
  /** Called when more behaviours may be activated than before. */
  raise?(): void;
}

/**
 * The part of a process that a partition owner needs: a runtime, or anything else that is partitioned in the same way.
 */
export type PartitionsOfService = Pick<
  RuntimeOfService,
  "service" | "partitions" | "prepare" | "own" | "disown" | "partitionStatuses" | "behaviours" | "raise"
>;

export interface Order<Body, Reply> {
  readonly key: InstanceKey;
  // biome-ignore lint/suspicious/noExplicitAny: the machine's own types do not matter to its caller
  readonly command: Command<any, Body, Reply>;
  readonly body: Body;
  readonly cause: Cause;
  readonly idempotencyKey?: string;
  readonly token?: EffectToken;
}

export type PartitionState = "starting" | "running" | "leaving" | "failed";

export interface PartitionStatus {
  readonly partition: number;
  readonly state: PartitionState;
  readonly epoch: number;
  /** Number of the last durable batch. */
  readonly head: number;
  /** Its SHA-256. Empty while there is none. */
  readonly headHash: Uint8Array;
  /** Number of the first batch that is still in the journal. */
  readonly first: number;
  /** Instances in memory. */
  readonly loaded: number;
  readonly live: number;
  readonly quarantined: number;
  /** Commands that wait. */
  readonly inbox: number;
  /** How far the index is behind. */
  readonly indexLagMs: number;
  /** True until everything is released since the latest pause. */
  readonly isPaused: boolean;
  /** When the next timer is due. Undefined without one. */
  readonly nextDueMs: number | undefined;
  /** Share of the time spent deciding, over the last seconds. Partitions move between processes by this value. */
  readonly load: number;
}

/** Time until which this process may answer for a partition without asking the journal. */
export interface LeaseTerm {
  /** On the monotonic clock. Infinity if no other process can own anything. */
  validUntilMs(partition: number): number;
  /** The journal reported that another process owns the partition. */
  lost(partition: number): void;
}
