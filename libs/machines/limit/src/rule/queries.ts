import type { LimitHolder, LimitRule } from "@tutti/contracts/workflow/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import { limitErrors } from "../errors.ts";
import { ruleOf } from "../pace.ts";
import type { Limit } from "../state.ts";

/** Usage of a limit. */
export interface LimitUsage {
  /** Current rule. */
  readonly rule: ReadOnly<LimitRule> | undefined;
  /** Whether the rule was configured, and not only sent by holders. */
  readonly isSet: boolean;
  /** The key as people write it. Undefined if it is the id, or not known. */
  readonly name: string | undefined;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly revision: number;
  readonly updateMs: number;
  readonly holdCount: number;
  readonly heldWeight: number;
  readonly waitingCount: number;
  readonly longestWaitMs: number;
  readonly grantedCount: number;
}

export const usage: Query<Limit, void, LimitUsage> = {
  type: "usage",
  answer(limit, _, { key, nowMs }) {
    const { name, description, labels, revision, updateMs, heldWeight, grantedCount, holds, line } = limit;
    const rule = ruleOf(limit);
    // A limit that was removed, or that holders without a rule have released, does not exist.
    if (rule === undefined && holds.size === 0 && line.size === 0)
      return limitErrors.missing.refusal({ id: key.id });
    const oldestMs = line.oldest?.beginMs;
    return {
      rule,
      isSet: limit.set !== undefined,
      name,
      description,
      labels,
      revision,
      updateMs,
      holdCount: holds.size,
      heldWeight,
      waitingCount: line.size,
      longestWaitMs: oldestMs === undefined ? 0 : Math.max(0, nowMs - oldestMs),
      grantedCount,
    };
  },
};

/** A holder or a waiter. */
export interface LimitPlace {
  readonly holder: ReadOnly<LimitHolder>;
  readonly ticket: number;
  /** Start of the hold or of the wait. */
  readonly startMs: number;
  /** Expiry of its lease. 0 while it waits. */
  readonly leaseDueMs: number;
  /** Its position among the waiters, from 1. 0 for a holder. */
  readonly place: number;
}

export interface PlacesPage {
  readonly offset: number;
  readonly size: number;
}

/** Returns holders first, then waiters in their current order. */
export const places: Query<Limit, PlacesPage, readonly LimitPlace[]> = {
  type: "places",
  answer(limit, { offset, size }) {
    const found: LimitPlace[] = [];
    let index = 0;
    for (const { holder, ticket, grantMs, dueMs } of limit.holds.values()) {
      if (index >= offset && found.length < size)
        found.push({ holder, ticket, startMs: grantMs, leaseDueMs: dueMs, place: 0 });
      index++;
    }
    if (found.length >= size) return found;
    let place = 0;
    for (const { holder, ticket, beginMs } of limit.line.inOrder()) {
      place++;
      if (index++ < offset) continue;
      found.push({ holder, ticket, startMs: beginMs, leaseDueMs: 0, place });
      if (found.length >= size) break;
    }
    return found;
  },
};
