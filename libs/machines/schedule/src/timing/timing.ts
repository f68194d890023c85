/** The times of a timing: of all rules, without exceptions, within its bounds. */
import type { PlannedTiming } from "@tutti/contracts/workflow/v1";
import { zoneOf } from "@tutti/definitions/timing";
import { stableHash } from "@tutti/kernel";
import { type NextTimeAfter, timesOf } from "./rule.ts";

/** The result of a search: a time, a moment to continue from, or none ever. */
type Ahead =
  | { readonly kind: "time"; readonly nominalMs: number }
  | { readonly kind: "unknown"; readonly searchedMs: number }
  | { readonly kind: "none" };

/** Excluded times in one search. An exception may cover every second of a day. */
const excludedMax = 5_000;

export interface Calendar {
  nextAfter(afterMs: number): Ahead;
  /** Returns the jitter of a time. The same for the same time of the same schedule. */
  jitterMsOf(nominalMs: number): number;
}

/**
 * Returns the calendar of a valid timing. `identity` distinguishes schedules, so that their jitter differs.
 */
export function calendarOf(timing: PlannedTiming, identity: string): Calendar {
  const { fromMs, untilMs, jitterMs } = timing;
  const zone = zoneOf(timing.timeZone);
  if (zone === undefined) return { nextAfter: () => ({ kind: "none" }), jitterMsOf: () => 0 };
  const rules = timing.rules.map((rule) => timesOf(rule, timing, zone));
  const exceptions = timing.exceptions.map((rule) => timesOf(rule, timing, zone));
  const isExcepted = (ms: number) => exceptions.some((times) => times(ms - 1) === ms);
  const endMs = untilMs > 0 ? untilMs : Number.POSITIVE_INFINITY;

  const nextAfter = (afterMs: number): Ahead => {
    let atMs = Math.max(afterMs, fromMs - 1);
    for (let excluded = 0; excluded < excludedMax; excluded++) {
      const nominalMs = earliest(rules, atMs);
      if (nominalMs === undefined || nominalMs >= endMs) return { kind: "none" };
      if (!isExcepted(nominalMs)) return { kind: "time", nominalMs };
      atMs = nominalMs;
    }
    return { kind: "unknown", searchedMs: atMs };
  };

  return {
    nextAfter,
    jitterMsOf(nominalMs) {
      if (jitterMs <= 0) return 0;
      const share = stableHash(identity, String(nominalMs)) / 2 ** 32;
      // Not beyond the next time: times keep their order.
      const following = earliest(rules, nominalMs);
      const boundMs = following === undefined ? jitterMs : Math.min(jitterMs, following - nominalMs - 1);
      return Math.floor(share * (boundMs + 1));
    },
  };
}

function earliest(rules: readonly NextTimeAfter[], afterMs: number): number | undefined {
  let found: number | undefined;
  for (const times of rules) {
    const ms = times(afterMs);
    if (ms !== undefined && (found === undefined || ms < found)) found = ms;
  }
  return found;
}

/** Maximum number of searches of a preview. Each skips at most 5,000 excluded times. */
const searchesMax = 20;

/** Returns the next times after a moment, before jitter. */
export function previewTimes(timing: PlannedTiming, afterMs: number, countMax: number): readonly number[] {
  const calendar = calendarOf(timing, "");
  const times: number[] = [];
  let atMs = afterMs;
  for (let searches = 0; times.length < countMax && searches < searchesMax; ) {
    const ahead = calendar.nextAfter(atMs);
    if (ahead.kind === "none") break;
    if (ahead.kind === "unknown") searches++;
    else times.push(ahead.nominalMs);
    atMs = ahead.kind === "time" ? ahead.nominalMs : ahead.searchedMs;
  }
  return times;
}
