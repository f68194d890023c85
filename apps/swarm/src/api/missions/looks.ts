/** When to look at a mission again: as soon as something has happened to it, and as often as others are not held up by that. */
import { newsOf, whenOwned } from "@tutti/host";
import { type CallContext, sleep } from "@tutti/kernel";
import { eventsOf, keyOf, type MissionDesk } from "./desk.ts";

/** Changes are told at most so often. */
const gatherMs = 20;
/** And who watches looks for a fifth of the time at most: others are served by the same process. */
const restsPerLook = 4;
const restMaxMs = 2_000;

/** Gives true when it is time to look, false when it is time for a sign of life. Ends after the mission has, with a last look. */
export async function* looksAt(
  desk: MissionDesk,
  missionId: string,
  context: CallContext,
): AsyncGenerator<boolean, void> {
  const { signal } = context;
  const { clock, timers } = desk.foundation;
  const key = keyOf(context.namespace, missionId);
  while (!signal.aborted) {
    // Before the look: what comes after this number is seen by the next one.
    const events = await eventsOf(desk, missionId, context);
    const { isEnded: isOver } = await whenOwned(desk, key, context, () => desk.runtime.instanceOf(key));
    const sinceMs = clock.monotonic();
    yield true;
    if (isOver) return;
    const restMs = Math.min(restMaxMs, Math.max(gatherMs, restsPerLook * (clock.monotonic() - sinceMs)));
    while (
      !signal.aborted &&
      !(await newsOf(() => desk.runtime.hasNews(key, events), desk.foundation, signal))
    )
      yield false;
    await sleep(timers, restMs, signal).catch(() => {});
  }
}
