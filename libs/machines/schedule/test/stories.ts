/** Histories that every release must read: recorded once by `npm run golden`. */
import { Overlap } from "@tutti/contracts/workflow/v1";
import { type GoldenStories, goldenOf } from "@tutti/kernel/testing";
import {
  backfill,
  confirmStop,
  pause,
  refuseStart,
  remove,
  resume,
  schedule,
  trigger,
  update,
} from "../src/index.ts";
import {
  driven,
  end,
  hourMs,
  key,
  kindOf,
  plan,
  startAll,
  startMs,
  toStart,
} from "../src/schedule.fixture.ts";

/** Stories by the name of the file. */
export const stories: GoldenStories = {
  /** Everything that a schedule can have in progress. */
  "under-way": (release) => {
    const driver = driven(plan({ labels: { team: "night" }, overlap: Overlap.OVERLAP_CANCEL_OTHER }));
    driver.advance(hourMs);
    startAll(driver);
    driver.advance(hourMs);
    driver.execute(key, trigger, { overlap: Overlap.OVERLAP_ALLOW });
    driver.execute(key, update, { plan: plan({ run: Uint8Array.of(2) }, { jitterMs: 60_000 }), revision: 1 });
    driver.execute(key, backfill, { fromMs: startMs, untilMs: startMs + 2, overlap: 0 });
    return goldenOf(driver, schedule, key, release);
  },

  /** From creation to removal. */
  removed: (release) => {
    const driver = driven(
      plan({ overlap: Overlap.OVERLAP_TERMINATE_OTHER, maxRuns: 3, pauseOnFailure: true }),
    );
    driver.advance(hourMs);
    startAll(driver);
    driver.advance(2 * hourMs);
    for (const effect of driver.effects)
      if (kindOf(effect) === "stop_run") driver.settle(effect, confirmStop, { ended: true });
    const [first] = driver.effects;
    if (first !== undefined)
      driver.settle(first, refuseStart, { code: "run.bad", message: "no such definition" });
    driver.advance(hourMs);
    startAll(driver);
    end(driver, "nightly-20260101T040000Z", 6);
    driver.execute(key, resume, { note: "mended" });
    driver.execute(key, trigger, { overlap: Overlap.OVERLAP_SKIP });
    driver.execute(key, trigger, { overlap: Overlap.OVERLAP_SKIP });
    driver.execute(key, pause, { note: "holidays" });
    for (const runId of toStart(driver)) end(driver, runId);
    driver.execute(key, remove, {});
    return goldenOf(driver, schedule, key, release);
  },
};
