import type { CommandParked, Quarantined } from "@tutti/contracts/runtime/v1";
import type { Actor } from "@tutti/contracts/types/v1";
import { errorFromUnknown, type InstanceKey, toErrorDetail } from "@tutti/kernel";
import type { DueEffect } from "../api.ts";
import type { HostedMachine } from "../machines/hosted-machine.ts";
import type { TimerEntry } from "../timers/timer-queue.ts";
import { OutstandingEffects } from "./outstanding-effects.ts";

/** A timer of an instance, in its partition's queue. */
export interface InstanceTimer extends TimerEntry {
  readonly instance: Instance;
  readonly number: number;
}

/** An effect that is outstanding, with the instance that awaits it. */
export interface PendingEffect extends DueEffect {
  readonly instance: Instance;
}

/** The reply to a call with an idempotency key. */
export interface AnsweredKey {
  readonly commandHash: Uint8Array;
  readonly reply: Uint8Array;
  readonly untilMs: number;
}

/** Reason and state of a quarantine. */
export interface Quarantine {
  readonly reason: Quarantined;
  readonly sinceMs: number;
  /** The last event that is folded into the state. */
  readonly folded: number;
  /**
   * Whether the journal records the quarantine. A failure while loading is not recorded, and a repaired release
   * continues.
   */
  isRecorded: boolean;
  /** Whether the state is the fold of those events. After a fault it must be folded again first. */
  isRebuilt: boolean;
  /** Commands that arrived since, in order. */
  readonly parked: CommandParked[];
}

/**
 * An instance in memory: its state after all decisions, durable or not, and its outstanding work.
 *
 * 1. `state` is the fold of its first `event` events. The exception is a quarantined instance, whose state must not be
 *    used.
 * 2. `effects` and `timers` are what the machine's `recover` would find in `state`.
 * 3. `dirtyFrom` is the batch of the first record that no committed snapshot contains. 0 if there is none.
 */
export class Instance {
  readonly key: InstanceKey;
  readonly text: string;
  readonly hosted: HostedMachine;
  /** Namespace, kind and id as they are in every record. */
  readonly prefix: Uint8Array;
  state: unknown;
  /** Whether it is found by its key: not before its first event, nor after it was passivated. */
  isInMemory = false;
  /** 0 before its first event. */
  incarnation = 0;
  event = 0;
  /** Its last record. */
  lastBatch = 0;
  lastIndex = 0;
  readonly effects = new OutstandingEffects<PendingEffect>();
  timers: Map<number, InstanceTimer> | undefined;
  keys: Map<string, AnsweredKey> | undefined;
  quarantine: Quarantine | undefined;
  /** How often it was reset to an earlier event. */
  resets = 0;
  startMs = 0;
  endMs = 0;
  /** It was terminated: its machine does not know, and is not called any more. */
  isTerminated = false;
  startedBy: Actor | undefined;
  /** Size of its state when it was last encoded. */
  stateBytes = 0;
  dirtyFrom = 0;
  /** The part that lists show has changed since its line was last written to the index. */
  isEntryDue = false;
  /** It was created since its partition was loaded, and nothing of it was sent to the archive yet. */
  isNew = false;
  /** A snapshot or an index line is on its way to the archive. */
  isBeingArchived = false;
  /** The archive was notified of its end, and nothing of it is kept: nothing more happens to it, and it leaves. */
  isLeaving = false;
  /** The archive has it as ended. A line that shows it as live needs a snapshot with it. */
  isArchivedAsEnded = false;
  touchedMs = 0;

  constructor(key: InstanceKey, text: string, hosted: HostedMachine, prefix: Uint8Array) {
    this.key = key;
    this.text = text;
    this.hosted = hosted;
    this.prefix = prefix;
    this.state = hosted.machine.create(key);
  }

  /** The last event that counts for the state. */
  get folded(): number {
    return this.quarantine?.folded ?? this.event;
  }

  get exists(): boolean {
    return this.event > 0;
  }

  get isEnded(): boolean {
    return this.endMs > 0;
  }

  /** Time of its next timer. 0 if there is none. */
  get dueMs(): number {
    if (this.timers === undefined || this.timers.size === 0) return 0;
    let dueMs = Number.POSITIVE_INFINITY;
    for (const timer of this.timers.values()) dueMs = Math.min(dueMs, timer.rank);
    return dueMs;
  }
}

/** Returns a quarantine without a record. */
export function quarantineFor(on: string, error: unknown, folded: number, sinceMs: number): Quarantine {
  const reason = {
    error: toErrorDetail(errorFromUnknown(error)),
    on,
    command: nothing,
    number: 0,
    attempt: 0,
  };
  return { reason, sinceMs, folded, isRecorded: false, isRebuilt: false, parked: [] };
}

const nothing = new Uint8Array(0);
