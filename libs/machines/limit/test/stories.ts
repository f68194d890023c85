/** Histories that every release must read: recorded once by `npm run golden`. */
import { LimitRule } from "@tutti/contracts/workflow/v1";
import { type GoldenStories, goldenOf } from "@tutti/kernel/testing";
import { acquire, evict, limit, removeLimit, renew, setLimit } from "../src/index.ts";
import { acquireBody, limited, releaseAs } from "../src/limit.fixture.ts";
import { holderOf, limitKey } from "../src/testing/index.ts";

/** Stories by the name of the file. */
export const stories: GoldenStories = {
  /** Holders, and a queue of two shares with priorities and a deadline. */
  contended: (release) => {
    const driver = limited(2, { count: 4, perMs: 1_000 });
    for (const id of ["a", "b", "c"]) driver.execute(limitKey, acquire, acquireBody(id, { share: "x" }));
    driver.advance(100);
    driver.execute(
      limitKey,
      acquire,
      acquireBody("d", { share: "y", shareWeight: 2, priority: 3, weight: 2 }),
    );
    driver.execute(
      limitKey,
      acquire,
      acquireBody("e", { share: "x", priority: -1, deadlineMs: driver.nowMs + 60_000 }),
    );
    driver.execute(limitKey, renew, { tickets: [1], leaseMs: 90_000 });
    releaseAs(driver, "b");
    return goldenOf(driver, limit, limitKey, release);
  },

  /** All other events of a limit. */
  eventful: (release) => {
    const driver = limited(1);
    for (const id of ["a", "b", "c", "d", "e"])
      driver.execute(
        limitKey,
        acquire,
        acquireBody(id, { leaseMs: 1_000, deadlineMs: id === "b" ? driver.nowMs + 500 : 0 }),
      );
    driver.advance(1_000);
    driver.execute(limitKey, evict, { holder: holderOf("d"), reason: "gone" });
    driver.execute(limitKey, evict, { holder: holderOf("c"), reason: "gone" });
    releaseAs(driver, "e");
    const rule = LimitRule.fromPartial({ maxConcurrent: 3, rate: { count: 1, perMs: 100, burst: 2 } });
    driver.execute(limitKey, acquire, acquireBody("f", { rule }));
    driver.execute(limitKey, acquire, acquireBody("g", { rule }));
    releaseAs(driver, "g");
    driver.execute(limitKey, setLimit, { rule, description: "for all", labels: {}, revision: 1 });
    driver.execute(limitKey, removeLimit, {});
    return goldenOf(driver, limit, limitKey, release);
  },
};
