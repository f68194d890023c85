/**
 * The active behaviour of each kind in a partition. It limits the events of its deciders and the form of its snapshots.
 *
 * 1. It is a record of the partition, before the first record that was decided by it. So a reader of the journal or the
 *    archive learns of the behaviour before it reads the first such record.
 * 2. It is only ever raised, and never above the behaviours of this release.
 */
import type { BehaviourLevel } from "@tutti/contracts/runtime/v1";
import type { Machine } from "@tutti/kernel";

/** By kind. A kind without an entry is at its first behaviour. */
export type BehaviourLevels = ReadonlyMap<string, number>;

const first = 1;

/** Returns the behaviours of a release. Kinds that are at their first are left out. */
export function levelsOf(machines: Iterable<Pick<Machine<unknown>, "kind" | "behaviour">>): BehaviourLevels {
  const beyond = [...machines].filter(({ behaviour }) => behaviour > first);
  return new Map(beyond.map(({ kind, behaviour }) => [kind, behaviour]));
}

/** Returns the highest level of each kind that all releases have. */
export function commonLevels([one, ...others]: readonly BehaviourLevels[]): BehaviourLevels {
  const common = new Map<string, number>();
  for (const [kind, behaviour] of one ?? []) {
    const least = Math.min(behaviour, ...others.map((levels) => levels.get(kind) ?? first));
    if (least > first) common.set(kind, least);
  }
  return common;
}

/** Returns the entries of `levels` that are higher than in `known`. */
export function beyond(levels: BehaviourLevels, known: BehaviourLevels): BehaviourLevels {
  return new Map([...levels].filter(([kind, behaviour]) => behaviour > (known.get(kind) ?? first)));
}

/** Returns the higher level of each kind. */
export function joined(one: BehaviourLevels, other: BehaviourLevels): BehaviourLevels {
  return new Map([...one, ...beyond(other, one)]);
}

export function textOfLevels(levels: BehaviourLevels): string {
  return [...levels].map(([kind, behaviour]) => `${kind} ${behaviour}`).join(", ");
}

export class Behaviours {
  #inForce: BehaviourLevels = new Map();

  of(kind: string): number {
    return this.#inForce.get(kind) ?? first;
  }

  /** The highest level of all kinds. Batches carry it. */
  get newest(): number {
    return Math.max(first, ...this.#inForce.values());
  }

  get levels(): BehaviourLevels {
    return this.#inForce;
  }

  /** Levels in their stored form. */
  get stored(): BehaviourLevel[] {
    return [...this.#inForce].map(([kind, behaviour]) => ({ kind, behaviour }));
  }

  raise(raised: readonly BehaviourLevel[]): void {
    this.#inForce = joined(this.#inForce, new Map(raised.map(({ kind, behaviour }) => [kind, behaviour])));
  }
}
