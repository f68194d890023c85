/** Who holds and who waits, of all locks with waiters: what deadlocks are looked for in. */
import type { LockHold, LockWait } from "@tutti/contracts/session/v1";
import type { WorkReference } from "@tutti/contracts/types/v1";
import type { ReadOnly } from "@tutti/kernel";

/** A lock with those that hold it and those that wait, the next one first. */
export interface SeenLock {
  readonly namespace: string;
  readonly name: string;
  readonly permits: number;
  readonly holds: readonly SeenHold[];
  readonly waits: readonly SeenWait[];
}

export interface SeenHold {
  /** Name of the work, or of the holder where it is for none. */
  readonly node: string;
  readonly work: WorkReference | undefined;
  readonly token: number;
  readonly permits: number;
  readonly shared: boolean;
  readonly grantMs: number;
}

export interface SeenWait {
  readonly node: string;
  readonly work: WorkReference | undefined;
  readonly ticket: number;
  readonly permits: number;
  readonly shared: boolean;
  readonly priority: number;
  readonly beginMs: number;
}

/** As a lock shows itself. */
interface Shown {
  readonly permits: number;
  readonly holds: readonly (Omit<SeenHold, "node" | "work"> & Named)[];
  /** The next one first. */
  readonly waits: readonly (Omit<SeenWait, "node" | "work"> & Named)[];
}

type Named = Pick<ReadOnly<LockHold> | ReadOnly<LockWait>, "holder" | "work">;

export function seen(namespace: string, name: string, { permits, holds, waits }: Shown): SeenLock {
  return {
    namespace,
    name,
    permits,
    holds: holds.map((held) => ({ ...held, ...nodeOf(namespace, name, held) })),
    waits: waits.map((wait) => ({ ...wait, ...nodeOf(namespace, name, wait) })),
  };
}

/** A holder without named work cannot be part of a circle: no two of its acquisitions are known to be one. */
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
 * What was seen both times, unchanged. No number is ever given twice, so a wait or a grant that was there before and
 * after was there all the time between. All that was seen twice was there at one moment: after the first look had
 * ended, and before the second started.
 */
export function seenTwice(first: readonly SeenLock[], second: readonly SeenLock[]): readonly SeenLock[] {
  const before = new Map(first.map((lock) => [`${lock.namespace}/${lock.name}`, lock]));
  const both: SeenLock[] = [];
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
