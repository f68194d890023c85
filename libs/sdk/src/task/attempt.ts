/** The state of one attempt in the worker. Handlers see it as their `TaskContext`. */

import type { Assign } from "@tutti/contracts/agent/v1";
import type { BlobReference } from "@tutti/contracts/types/v1";
import type { Logger } from "@tutti/kernel";
import type { MissionTaskContext } from "../client/missions/mission-task.ts";
import type { Masks } from "./masks.ts";
import type { MeasureRegistry } from "./measures.ts";
import type { ModelCallLog } from "./model-calls.ts";
import type { StoredFile } from "./stored-file.ts";

/** The part of the worker's capabilities that the attempt uses. */
interface Work {
  readonly name: string;
  readonly version: string;
}

/** Channel by which an attempt reports to the host. */
export interface AttemptPort {
  /** The namespace of the worker's pool. */
  readonly namespace: string;
  nowMs(): number;
  progressed(attempt: Attempt): void;
  output(attempt: Attempt, piece: Piece): Promise<void> | undefined;
  /** Returns a logger whose lines readers of the run see. Undefined if they are not sent. */
  runLog(attempt: Attempt): Logger | undefined;
  /** Returns the value of a secret, for this attempt. */
  secret(attempt: Attempt, reference: string): Promise<string>;
  /** Stores content, which is read again when the store is out of reach for a while. */
  store(attempt: Attempt, content: () => AsyncIterable<Uint8Array>, mediaType: string): Promise<StoredFile>;
  /** Returns content in the blob store. Nothing is read yet. */
  file(attempt: Attempt, reference: BlobReference, mediaType: string): StoredFile;
  /** Measurements of the worker's handlers. */
  readonly measures: MeasureRegistry;
  /** Returns the mission that it belongs to. */
  mission(attempt: Attempt): Promise<MissionTaskContext>;
}

/** A piece of partial output. */
export interface Piece {
  readonly index: number;
  readonly chunk: Uint8Array;
  readonly channel: string;
  readonly mediaType: string;
}

/** Progress that was not sent yet. Later calls of a turn replace earlier ones. */
export interface PendingProgress {
  saved: Uint8Array | undefined;
  fraction: number;
  message: string;
}

/** Used tokens and money. */
export interface Used {
  tokens: number;
  money: number;
}

/** When it has to be over, on the monotonic clock. Infinity for never. */
interface Limits {
  readonly runEndsMs: number;
  readonly totalEndsMs: number;
  /** When it is answered for, whether its handler has ended or not. */
  readonly abandonMs: number;
}

const never = Number.POSITIVE_INFINITY;

/** A running handler, and its reports. Most fields stay empty for most attempts, which keeps them cheap. */
export class Attempt {
  readonly token: string;
  readonly assign: Assign;
  readonly work: Work;
  readonly port: AttemptPort;
  readonly startedMs: number;
  /** Absent while those of the assignment hold. */
  #limits: Limits | undefined;
  #abort: AbortController | undefined;
  #reason: Error | undefined;
  /** Whether it was answered, or is not to be. */
  isOver = false;
  /** True if it was asked to end, so that its end is no failure. */
  isCancelled = false;
  /** Whether the worker replied before its handler ended. */
  isAbandoned = false;
  /** Whether the host knows that it has started. */
  isKnown = false;
  pieces = 0;
  pendingProgress: PendingProgress | undefined;
  /** Time of the last report. Undefined for none. */
  reportedMs: number | undefined;
  /** The last state saved for later attempts. Reported again on a new link. */
  saved: Uint8Array | undefined;
  used: Used | undefined;
  models: ModelCallLog | undefined;
  /** Secrets of this attempt, to mask. */
  masks: Masks | undefined;

  constructor(token: string, assign: Assign, work: Work, port: AttemptPort, nowMs: number) {
    this.token = token;
    this.assign = assign;
    this.work = work;
    this.port = port;
    this.startedMs = nowMs;
  }

  /** Created on first use: most handlers never read it. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#reason !== undefined) this.#abort.abort(this.#reason);
    }
    return this.#abort.signal;
  }

  /** Reason of the abort. Undefined without one. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  get limits(): Limits {
    if (this.#limits !== undefined) return this.#limits;
    const { runMs, totalMs } = this.assign;
    return {
      runEndsMs: runMs > 0 ? this.startedMs + runMs : never,
      totalEndsMs: totalMs > 0 ? this.startedMs + totalMs : never,
      abandonMs: never,
    };
  }

  get remainingMs(): number {
    const { runEndsMs, totalEndsMs } = this.limits;
    const endsMs = Math.min(runEndsMs, totalEndsMs);
    return endsMs === never ? endsMs : Math.max(0, endsMs - this.port.nowMs());
  }

  /** It has got more time. */
  extend(runMs: number, totalMs: number, nowMs: number): void {
    this.#limits = {
      runEndsMs: runMs > 0 ? nowMs + runMs : never,
      totalEndsMs: totalMs > 0 ? nowMs + totalMs : never,
      abandonMs: never,
    };
  }

  /** Aborts the handler. At `abandonMs` the attempt is reported as ended in any case. */
  abort(reason: Error, abandonMs: number): void {
    const before = this.limits.abandonMs;
    this.#limits = { runEndsMs: never, totalEndsMs: never, abandonMs: Math.min(before, abandonMs) };
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#abort?.abort(reason);
  }

  /** When something about it is due. */
  dueMs(startedAfterMs: number, progressEveryMs: number): number {
    let dueMs = this.isKnown ? never : this.startedMs + startedAfterMs;
    if (this.pendingProgress !== undefined)
      dueMs = Math.min(dueMs, (this.reportedMs ?? Number.NEGATIVE_INFINITY) + progressEveryMs);
    if (this.#limits !== undefined) {
      const { runEndsMs, totalEndsMs, abandonMs } = this.#limits;
      return Math.min(dueMs, runEndsMs, totalEndsMs, abandonMs);
    }
    const { runMs, totalMs } = this.assign;
    if (runMs > 0) dueMs = Math.min(dueMs, this.startedMs + runMs);
    return totalMs > 0 ? Math.min(dueMs, this.startedMs + totalMs) : dueMs;
  }
}
