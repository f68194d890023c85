/** The state of an entry of the cache. */
import type { ErrorDetail, Payload } from "@tutti/contracts/types/v1";
import type { CacheAsker, CacheDone, CacheFacts, CacheSnapshotV1 } from "@tutti/contracts/workflow/v1";
import type { Command, MachineEvent, ReadOnly } from "@tutti/kernel";

/** An output that may be used again, under one key. */
export interface CacheEntry {
  /** Whether there ever was an output, or a task that computes one. */
  used: boolean;
  /** Whether there is one now. */
  present: boolean;
  /** Absent for null. */
  output: Payload | undefined;
  storeMs: number;
  /** Until when it is fresh. */
  dueMs: number;
  /** Until when tasks use it while another one computes a new one. */
  keepMs: number;
  /** How the task failed, if there is no output but a failure. */
  error: ErrorDetail | undefined;
  facts: CacheFacts | undefined;
  /** What computed it, and in what time. */
  runId: string;
  taskId: string;
  agent: string;
  computeMs: number;
  /** In how many minutes it was used, and when last. */
  uses: number;
  useMs: number;
  /** An output of an attempt from before is not kept. */
  invalidMs: number;
  /** Of outputs of tasks with `cache: auto`: the digest of the last, how many in a row were equal, when one differed. */
  digest: string;
  equal: number;
  differMs: number;
  /** The task that computes the output. */
  computing: CacheAsker | undefined;
  /** Whether it has confirmed that it does since it was asked. */
  confirmed: boolean;
  /** When it is asked again. */
  checkMs: number;
  /** Tasks that wait for the output, the longest first. */
  waiters: CacheAsker[];
  /** When the next waiters are answered. 0 if none waits, or if they wait for a task. */
  nextMs: number;
}

export type CacheEvent<Body> = MachineEvent<CacheEntry, never, Body>;
export type CacheCommand<Body> = Command<CacheEntry, Body, CacheDone, never>;
export type CacheStep = Parameters<CacheCommand<object>["decide"]>[2];

export const timers = {
  /** The time of the output is over. */
  output: 1,
  /** The task that computes is asked whether it still does. */
  check: 2,
  /** The next waiters are answered. */
  next: 3,
} as const;

/** From this behaviour on, tasks wait for the one that computes. */
export const singleFlight = 2;
/** From this behaviour on, entries keep failures, outputs that are no longer fresh, and what they are known by. */
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

/** An output of an earlier release is kept as long as it is fresh. */
export function keptUntilMs({ dueMs, keepMs }: Pick<ReadOnly<CacheEntry>, "dueMs" | "keepMs">): number {
  return Math.max(dueMs, keepMs);
}
