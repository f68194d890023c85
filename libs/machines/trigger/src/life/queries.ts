import type { KeptDeadLetter, PastActivation, TriggerPlan } from "@tutti/contracts/workflow/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import { notThere } from "../refusals.ts";
import type { Counts, Trigger } from "../state.ts";

/** State of a trigger. */
export interface TriggerFacts {
  readonly plan: ReadOnly<TriggerPlan>;
  readonly paused: boolean;
  readonly note: string;
  readonly revision: number;
  readonly createMs: number;
  readonly updateMs: number;
  readonly counts: Readonly<Counts>;
  readonly deadCount: number;
  /** Events that wait for their group, and runs that wait to start. */
  readonly waitingCount: number;
  /** Newest first. */
  readonly recent: readonly ReadOnly<PastActivation>[];
}

export const facts: Query<Trigger, void, TriggerFacts> = {
  type: "facts",
  answer(trigger, _, { key }) {
    const { status, plan, note, revision, createMs, updateMs, counts, groups, waiting, dead } = trigger;
    let collected = 0;
    for (const { items } of groups.values()) collected += items.length;
    return (
      notThere(trigger, key.id) ?? {
        plan,
        note,
        revision,
        createMs,
        updateMs,
        paused: status === "paused",
        counts: { ...counts },
        deadCount: dead.size,
        waitingCount: collected + waiting.size,
        recent: trigger.recent.toReversed(),
      }
    );
  },
};

export interface DeadLettersQuery {
  /** Number of the dead letter to continue after. */
  readonly after: number;
  readonly size: number;
  /** Only these numbers. Empty means all. */
  readonly numbers: readonly number[];
}

export const deadLetters: Query<Trigger, DeadLettersQuery, readonly ReadOnly<KeptDeadLetter>[]> = {
  type: "dead_letters",
  answer(trigger, { after, size, numbers }, { key }) {
    const refusal = notThere(trigger, key.id);
    if (refusal !== undefined) return refusal;
    const selected = new Set(numbers);
    return [...trigger.dead.values()]
      .filter(({ number }) => number > after && (selected.size === 0 || selected.has(number)))
      .slice(0, size);
  },
};

/** Whether runs of some of these events are being started. */
export const isStarting: Query<Trigger, ReadonlySet<string>, boolean> = {
  type: "is_starting",
  answer: (trigger, eventDigests) =>
    [...trigger.starting.values()].some(({ starts }) =>
      starts.some(({ items }) => items.some(({ eventDigest }) => eventDigests.has(eventDigest))),
    ),
};
