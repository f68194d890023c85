/**
 * What the runtime offers to the service that hosts machines on it, and what it needs from there.
 *
 * Every answer, a refusal or a read too, is given only when everything that the decision could have seen is durable.
 * Nothing durable happens without an answer, but an answer may get lost: then it is `runtime.outcome_unknown`, and the
 * caller repeats under the same idempotency key or token.
 */
import type { Actor, Cause } from "@tutti/contracts/types/v1";
import type { Command, EnvelopeBatch, InstanceKey, MachineEvent, Query, Refusal } from "@tutti/kernel";
import type { BehaviourLevels } from "./behaviour/behaviours.ts";

/** A command on its way. Made by the caller that submits it. The runtime answers exactly once. */
export interface Submission {
  /** Undefined when the token alone says which instance it is for. */
  readonly key: InstanceKey | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: an inbox holds commands of many machines
  readonly command: Command<any>;
  readonly body: unknown;
  readonly cause: Cause;
  /** Empty, or the key under which a repetition is answered like the first. */
  readonly idempotencyKey: string;
  /** When it is the result of an effect: of which. */
  readonly token: EffectToken | undefined;
  /** Called once, from a batch of answers. Must not throw, nor do anything slow. */
  reply(outcome: Outcome): void;
}

/** What became of a submission. `ignored`: the effect was settled already, or another attempt is awaited. */
export type Outcome =
  | { readonly kind: "done"; readonly reply: unknown }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "ignored" };

/** What the runtime itself knows of an instance. */
export interface InstanceFacts {
  /** Number of its latest durable event. */
  readonly events: number;
  readonly isEnded: boolean;
  readonly startedBy: Actor | undefined;
}

/** Names one attempt of one effect of one instance. Sixteen bytes on the wire. */
export interface EffectToken {
  readonly partition: number;
  /** Which instance of the partition. */
  readonly incarnation: number;
  readonly number: number;
  readonly attempt: number;
}

/** An effect that is to be done. */
export interface DueEffect {
  readonly key: InstanceKey;
  readonly token: EffectToken;
  readonly effect: unknown;
  readonly cause: Cause | undefined;
  /** Found in a loaded instance: who had it before may have started it. */
  readonly isRecovered: boolean;
}

/** Does what machines ask for. Results come back as commands with the token. */
export interface Effects {
  /**
   * Start these. All are durable. Called again with the same tokens after a restart or a move. The array is only lent:
   * the partition reuses it after the call.
   */
  dispatch(effects: readonly DueEffect[]): void;
  /** These are no longer wanted: settled or replaced, which is durable. */
  withdraw(tokens: readonly EffectToken[]): void;
  /**
   * Their partition goes elsewhere or is loaded again: its next owner dispatches them under the same tokens, except those
   * that were settled by events of unknown outcome which turn out to be durable. What was started for them may continue
   * there. Absent where that ends as if it were withdrawn.
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
  readonly notes: ReadonlyMap<MachineEvent<any>, TakeNote>;
  /** Called once per batch that has notes. An error stands where one could not be taken. Must do nothing slow. */
  handle(notes: readonly unknown[]): void;
}

/**
 * Called before the event is folded, with the state before it. The fold may change both, so the note must
 * copy what is reported. Undefined for nothing.
 */
export type TakeNote = (happening: Happening) => unknown;

/** An event as it happens. */
export interface Happening {
  readonly key: InstanceKey;
  /** Its number among the events of the instance. */
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
  /** The partition of an instance: the same in every process and release. */
  partitionOf(key: InstanceKey): number;
  /**
   * Puts a command into its partition's inbox. Refused at once when the inbox is full or the partition is elsewhere.
   */
  submit(submission: Submission): void;
  /** The same for one command, as a promise: resolves with the reply, throws a refusal as its error. */
  execute<Body, Reply>(order: Order<Body, Reply>): Promise<Reply>;
  /** Answers from the state, when all it has seen is durable and this process was still the owner after reading. */
  query<Body, Reply>(question: Question<Body, Reply>): Promise<Reply>;
  /** Takes messages for one of its partitions. Resolves with the number up to which all of the channel are durable. */
  receive(partition: number, batch: EnvelopeBatch): Promise<number>;
  /**
   * Gets ready for a partition that is to come here while another process still owns it, so that it is not without an
   * owner for long. Absent where that makes no difference.
   */
  readonly prepare?: ((partition: number) => Promise<void>) | undefined;
  /** Starts to own a partition: seals its journal under this epoch or a newer one, and loads it. */
  own(partition: number, epoch: number): Promise<void>;
  /**
   * Lets go of a partition: what is under way becomes durable or is answered as unknown, then nothing more is decided.
   */
  disown(partition: number): Promise<void>;
  /** How each owned partition stands. */
  standings(): readonly PartitionStanding[];
  /** Resolves when the index has all of owned partitions that was durable when this was called. */
  indexed(): Promise<void>;
  /** The behaviours of its machines. Absent where they are all at their first. */
  readonly behaviours?: BehaviourLevels;
  /** More behaviours may be brought into force than before. */
  raise?(): void;
}

/**
 * What a partition owner needs of the process that owns the partitions of a service: a runtime, or anything else that
 * is divided so.
 */
export type PartitionsOfService = Pick<
  RuntimeOfService,
  "service" | "partitions" | "prepare" | "own" | "disown" | "standings" | "behaviours" | "raise"
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

export interface PartitionStanding {
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
  /** Not everything is released since its latest pause. */
  readonly isPaused: boolean;
  /** When the next timer is due. Undefined without one. */
  readonly nextDueMs: number | undefined;
  /** Share of the time that was spent deciding, over the last seconds: what moves partitions between processes. */
  readonly load: number;
}

/** Says until when this process may answer for a partition without asking the journal. */
export interface LeaseTerm {
  /** On the monotonic clock. Infinity where no other process can own anything. */
  validUntilMs(partition: number): number;
  /** The journal has said that another process owns the partition. */
  lost(partition: number): void;
}
