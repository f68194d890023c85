/** The path of a run from state to state, from its history. */
import type { EventFacts } from "@tutti/rest/history";

export interface Stay {
  readonly state: string;
  /** Number of the event with which it was entered. */
  readonly event: number;
  readonly fromMs: number;
  /** 0 while it lasts. */
  readonly untilMs: number;
  /** Cause of the transition: `signal`, `after`, …. Empty for the first state. */
  readonly transition: string;
}

export function trailOf(events: readonly EventFacts[], endMs: number): readonly Stay[] {
  const stays: Stay[] = [];
  let transition = "";
  for (const { type, details, number, timeMs } of events) {
    if (type === "transition_taken") transition = String(details["way"] ?? "");
    if (type === "run_reset") {
      const remaining = stays.filter(({ event }) => event <= Number(details["toEvent"] ?? 0));
      stays.length = 0;
      stays.push(...remaining);
    }
    if (type !== "state_entered") continue;
    const last = stays.pop();
    if (last !== undefined) stays.push({ ...last, untilMs: timeMs });
    stays.push({
      state: String(details["state"] ?? ""),
      event: number,
      fromMs: timeMs,
      untilMs: 0,
      transition: transition,
    });
  }
  const last = stays.pop();
  return last === undefined ? [] : [...stays, { ...last, untilMs: endMs }];
}

/** Returns the place of the stay that an event falls into. The last one for the present. */
export function stayAt(trail: readonly Stay[], event: number | undefined): number {
  if (event === undefined) return trail.length - 1;
  return trail.findLastIndex((stay) => stay.event <= event);
}
