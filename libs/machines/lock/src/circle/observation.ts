/** Holders and waiters of all locks with waiters: the input of the deadlock search. */
import type { LockHold, LockWait } from "@tutti/contracts/session/v1";
import type { WorkReference } from "@tutti/contracts/types/v1";
import type { ReadOnly } from "@tutti/kernel";

/** A lock with its holders and its waiters, the next one first. */
export interface ObservedLock {
  readonly namespace: string;
  readonly name: string;
  readonly permits: number;
  readonly holds: readonly ObservedHold[];
  readonly waits: readonly ObservedWait[];
}

export interface ObservedHold {
  /** Name of the work, or of the holder if it has no work. */
  readonly node: string;
  readonly work: WorkReference | undefined;
  readonly token: number;
  readonly permits: number;
  readonly shared: boolean;
  readonly grantMs: number;
}

export interface ObservedWait {
  readonly node: string;
  readonly work: WorkReference | undefined;
  readonly ticket: number;
  readonly permits: number;
  readonly shared: boolean;
  readonly priority: number;
  readonly beginMs: number;
}

/** A lock as its query returns it. */
interface QueriedLock {
  readonly permits: number;
  readonly holds: readonly (Omit<ObservedHold, "node" | "work"> & Named)[];
  /** Waiters, the next one first. */
  readonly waits: readonly (Omit<ObservedWait, "node" | "work"> & Named)[];
}

type Named = Pick<ReadOnly<LockHold> | ReadOnly<LockWait>, "holder" | "work">;

export function observationOf(
  namespace: string,
  name: string,
  { permits, holds, waits }: QueriedLock,
): ObservedLock {
  return {
    namespace,
    name,
    permits,
    holds: holds.map((held) => ({ ...held, ...nodeOf(namespace, name, held) })),
    waits: waits.map((wait) => ({ ...wait, ...nodeOf(namespace, name, wait) })),
  };
}

/**
 * A holder without named work cannot be part of a cycle: its acquisitions cannot be attributed to one work.
 */
function nodeOf(
  namespace: string,
  lock: string,
  { holder, work }: Named,
): { readonly node: string; readonly work: WorkReference | undefined } {
  if (work === undefined) return { node: `${namespace}/${lock}/${holder}`, work: undefined };
  const named = { ...work, namespace: work.namespace || namespace };
  return { node: nameOfWork(named), work: named };
}

export function nameOfWork({ namespace, kind, id, task }: ReadOnly<WorkReference>): string {
  return `${kind} ${id}${task === "" ? "" : `, task ${task}`}${namespace === "default" ? "" : ` of ${namespace}`}`;
}

/**
 * Returns the entries that both observations contain, unchanged. Numbers are never reused, so a wait or a grant in
 * both existed all the time in between. All entries in both existed at one moment: after the first observation
 * ended, and before the second started.
 */
export function commonEntries(
  first: readonly ObservedLock[],
  second: readonly ObservedLock[],
): readonly ObservedLock[] {
  const before = new Map(first.map((lock) => [`${lock.namespace}/${lock.name}`, lock]));
  const both: ObservedLock[] = [];
  for (const lock of second) {
    const known = before.get(`${lock.namespace}/${lock.name}`);
    if (known === undefined || known.permits !== lock.permits) continue;
    const tokens = new Set(known.holds.map(({ token }) => token));
    const tickets = new Set(known.waits.map(({ ticket }) => ticket));
    both.push({
      ...lock,
      holds: lock.holds.filter(({ token }) => tokens.has(token)),
      waits: lock.waits.filter(({ ticket }) => tickets.has(ticket)),
    });
  }
  return both;
}
