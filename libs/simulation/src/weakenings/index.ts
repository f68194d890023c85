import { sessionsWeakenings } from "../sessions/sessions-weakenings.ts";
import { workWeakenings } from "../work/work-weakenings.ts";
import { chainNotChecked, eventsNotAwaited, noFencing, noSeal } from "./journal-weakenings.ts";
import {
  cutBeforeSnapshot,
  noDeduplication,
  refusalsNotAwaited,
  timersForgotten,
} from "./runtime-weakenings.ts";
import { noWeakening, type Weakening } from "./weakening.ts";

/** All planted faults that the simulation has to notice. */
export const weakenings: readonly Weakening[] = [
  noFencing,
  noSeal,
  noDeduplication,
  eventsNotAwaited,
  refusalsNotAwaited,
  timersForgotten,
  cutBeforeSnapshot,
  chainNotChecked,
];

/** The first seed of each search. */
export const firstSeeds: readonly number[] = [0, 100_000, 200_000, 300_000, 400_000];

export function weakeningOf(name: string): Weakening {
  const found = [noWeakening, ...weakenings, ...workWeakenings, ...sessionsWeakenings].find(
    (weakening) => weakening.name === name,
  );
  if (found !== undefined) return found;
  const names = [...weakenings, ...workWeakenings, ...sessionsWeakenings]
    .map((weakening) => weakening.name)
    .join(", ");
  throw new RangeError(`expected a weakening (${names}), got ${name}`);
}
