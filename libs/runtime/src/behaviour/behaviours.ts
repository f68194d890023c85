/**
 * Which behaviour of each kind is in force in a partition: what its deciders may emit and its snapshots may look like.
 *
 * 1. It is a record of the partition, which stands before the first record that was decided by it. So a reader of the
 *    journal or the archive learns what to expect before it is there.
 * 2. It is only ever raised, and never beyond what this release has.
 */
import type { BehaviourLevel } from "@tutti/contracts/runtime/v1";
import type { Machine } from "@tutti/kernel";

/** By kind. A kind that is not in it is at its first. */
export type BehaviourLevels = ReadonlyMap<string, number>;

const first = 1;

/** What a release has, as far as it is beyond the first of each kind. */
export function levelsOf(machines: Iterable<Pick<Machine<unknown>, "kind" | "behaviour">>): BehaviourLevels {
  const beyond = [...machines].filter(({ behaviour }) => behaviour > first);
  return new Map(beyond.map(({ kind, behaviour }) => [kind, behaviour]));
}

/** Returns the highest that all of them have. */
export function commonLevels([one, ...others]: readonly BehaviourLevels[]): BehaviourLevels {
  const common = new Map<string, number>();
  for (const [kind, behaviour] of one ?? []) {
    const least = Math.min(behaviour, ...others.map((levels) => levels.get(kind) ?? first));
    if (least > first) common.set(kind, least);
  }
  return common;
}

/** What of `levels` is beyond `known`: by kind, how far. */
export function beyond(levels: BehaviourLevels, known: BehaviourLevels): BehaviourLevels {
  return new Map([...levels].filter(([kind, behaviour]) => behaviour > (known.get(kind) ?? first)));
}

/** Returns the higher of each. */
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

  /** The highest of all kinds: what batches name. */
  get newest(): number {
    return Math.max(first, ...this.#inForce.values());
  }

  get levels(): BehaviourLevels {
    return this.#inForce;
  }

  /** The levels as they are stored. */
  get kept(): BehaviourLevel[] {
    return [...this.#inForce].map(([kind, behaviour]) => ({ kind, behaviour }));
  }

  raise(raised: readonly BehaviourLevel[]): void {
    this.#inForce = joined(this.#inForce, new Map(raised.map(({ kind, behaviour }) => [kind, behaviour])));
  }
}
