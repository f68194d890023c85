/** The state of an entry of the cache. */
import type { ErrorDetail, Payload } from "@tutti/contracts/types/v1";
import type {
  CacheAsker,
  CacheDone,
  CacheFacts,
  CacheMiss,
  CacheSnapshotV1,
} from "@tutti/contracts/workflow/v1";
import type { Command, MachineEvent, ReadOnly } from "@tutti/kernel";

/** A reusable output, under one key. */
export interface CacheEntry {
  /** Whether there ever was an output, or a task that computes it. */
  used: boolean;
  /** Whether there is an output now. */
  present: boolean;
  /** Absent for null. */
  output: Payload | undefined;
  storeMs: number;
  /** Time until which it is fresh. */
  dueMs: number;
  /** Time until which tasks use it while another task computes a new one. */
  keepMs: number;
  /** Error of the task, if there is a failure instead of an output. */
  error: ErrorDetail | undefined;
  facts: CacheFacts | undefined;
  /** Run, task and agent that computed it, and the time it took. */
  runId: string;
  taskId: string;
  agent: string;
  computeMs: number;
  /** Number of minutes with a use, and the time of the last use. */
  uses: number;
  useMs: number;
  /** Outputs of attempts that started before this time are not stored. */
  invalidMs: number;
  /**
   * For outputs of tasks with `cache: auto`: the digest of the last, the number of equal ones in a row, and the time of
   * the last difference.
   */
  digest: string;
  equal: number;
  differMs: number;
  /** The task that computes the output. */
  computing: CacheAsker | undefined;
  /** Whether the task has confirmed that it still computes since the last check. */
  confirmed: boolean;
  /** Time of the next check. */
  checkMs: number;
  /** Tasks that wait for the output, the longest wait first. */
  waiters: CacheAsker[];
  /** Time of the next replies to waiters. 0 if none waits, or if they wait for a task. */
  nextMs: number;
  /** Why there is no output. Undefined if there is one, or never was one. */
  forgotten: CacheMiss | undefined;
}

export type CacheEvent<Body> = MachineEvent<CacheEntry, never, Body>;
export type CacheCommand<Body> = Command<CacheEntry, Body, CacheDone, never>;
export type CacheStep = Parameters<CacheCommand<object>["decide"]>[2];

export const timers = {
  /** The output expires. */
  output: 1,
  /** The task that computes is checked. */
  check: 2,
  /** The next waiters get their replies. */
  next: 3,
} as const;

/** From this behaviour on, tasks wait for the task that computes. */
export const singleFlight = 2;
/** From this behaviour on, entries keep failures, outputs that are no longer fresh, and their facts. */
export const knownBy = 3;

/** From this behaviour on, outputs of tasks with `cache: auto` are compared. */
export const comparesOutputs = 4;

export function newEntry(): CacheEntry {
  return {
    used: false,
    present: false,
    output: undefined,
    storeMs: 0,
    dueMs: 0,
    computing: undefined,
    confirmed: false,
    checkMs: 0,
    waiters: [],
    nextMs: 0,
    keepMs: 0,
    error: undefined,
    facts: undefined,
    runId: "",
    taskId: "",
    agent: "",
    computeMs: 0,
    uses: 0,
    useMs: 0,
    invalidMs: 0,
    digest: "",
    equal: 0,
    differMs: 0,
    forgotten: undefined,
  };
}

export function isSame(one: ReadOnly<CacheAsker> | undefined, other: CacheAsker): boolean {
  return one?.runId === other.runId && one.taskId === other.taskId && one.visit === other.visit;
}

export function snapshotOf(entry: CacheEntry): CacheSnapshotV1 {
  return entry;
}

export function entryOf(snapshot: CacheSnapshotV1): CacheEntry {
  return { ...newEntry(), ...snapshot, waiters: [...snapshot.waiters] };
}

/** An output of an earlier release is kept only while it is fresh. */
export function removalMs({ dueMs, keepMs }: Pick<ReadOnly<CacheEntry>, "dueMs" | "keepMs">): number {
  return Math.max(dueMs, keepMs);
}
