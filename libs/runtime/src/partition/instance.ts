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

/** What was answered to a call with an idempotency key. */
export interface AnsweredKey {
  readonly commandHash: Uint8Array;
  readonly reply: Uint8Array;
  readonly untilMs: number;
}

/** Why an instance is kept aside. */
export interface Quarantine {
  readonly reason: Quarantined;
  readonly sinceMs: number;
  /** The last event that is folded into the state. */
  readonly folded: number;
  /**
   * Whether the journal says so. What fails while loading is kept aside without a word, and a repaired release
   * continues.
   */
  isRecorded: boolean;
  /** Whether the state is what those events fold to. After a fault it has to be folded again first. */
  isRebuilt: boolean;
  /** What came since, in order. */
  readonly parked: CommandParked[];
}

/**
 * An instance in memory: its state after all that was decided, durable or not, and what of it is outstanding.
 *
 * 1. `state` is what its first `event` events fold to, except when it is quarantined: then nothing may be asked of it.
 * 2. `effects` and `timers` are what the machine's `recover` would find in `state`.
 * 3. `dirtyFrom` is the batch of the first record that no committed snapshot contains. 0 when there is none.
 */
export class Instance {
  readonly key: InstanceKey;
  readonly text: string;
  readonly hosted: HostedMachine;
  /** Namespace, kind and id as they are in every record. */
  readonly prefix: Uint8Array;
  state: unknown;
  /** Whether it is found by its key: not before its first event, nor after it was put away. */
  isInMemory = false;
  /** 0 until it has an event. */
  incarnation = 0;
  event = 0;
  /** Its last record. */
  lastBatch = 0;
  lastIndex = 0;
  readonly effects = new OutstandingEffects<PendingEffect>();
  timers: Map<number, InstanceTimer> | undefined;
  keys: Map<string, AnsweredKey> | undefined;
  quarantine: Quarantine | undefined;
  /** How often it was taken back to an earlier event. */
  resets = 0;
  startMs = 0;
  endMs = 0;
  /** It was ended by force: its machine does not know, and is asked nothing any more. */
  isTerminated = false;
  startedBy: Actor | undefined;
  /** How large its state was when it was last written. */
  stateBytes = 0;
  dirtyFrom = 0;
  /** What lists show of it has changed since it was last written to the index. */
  isEntryDue = false;
  /** It started in this life of its partition, and nothing of it was on its way to the archive yet. */
  isNew = false;
  /** A snapshot or a line of the index is on its way to the archive. */
  isBeingKept = false;
  /**
   * The archive was notified that it is over, and nothing of it is kept: nothing happens to it any more, and it goes.
   */
  isLeaving = false;
  /**
   * What the archive has of it says that it has ended: its line must not say otherwise without a snapshot beside it.
   */
  isKeptAsEnded = false;
  touchedMs = 0;

  constructor(key: InstanceKey, text: string, hosted: HostedMachine, prefix: Uint8Array) {
    this.key = key;
    this.text = text;
    this.hosted = hosted;
    this.prefix = prefix;
    this.state = hosted.machine.create(key);
  }

  /** The last event that counts in the state. */
  get folded(): number {
    return this.quarantine?.folded ?? this.event;
  }

  get exists(): boolean {
    return this.event > 0;
  }

  get isEnded(): boolean {
    return this.endMs > 0;
  }

  /** When its next timer is due. 0 without one. */
  get dueMs(): number {
    if (this.timers === undefined || this.timers.size === 0) return 0;
    let dueMs = Number.POSITIVE_INFINITY;
    for (const timer of this.timers.values()) dueMs = Math.min(dueMs, timer.rank);
    return dueMs;
  }
}

/** Kept aside without a record of it. */
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
