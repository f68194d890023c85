/** Histories that every release must read: recorded once by `npm run golden`. */
import type { ResolveDeadlock } from "@tutti/contracts/session/v1";
import { type GoldenStories, goldenOf } from "@tutti/kernel/testing";
import { breakHold, deadlocks, leaveLine, lock, renew, resolveDeadlock, setPermits } from "../src/index.ts";
import { acquireAs, lockOf, newDriver, releaseAs } from "../src/lock.fixture.ts";
import { deadlocksKey, lockKey, workOf } from "../src/testing/index.ts";

/** Stories by the name of the file. */
export const stories: GoldenStories = {
  /** Holders that share, and a queue with priorities. */
  contended: (release) => {
    const driver = lockOf(3);
    const token = acquireAs(driver, "a", { shared: true, work: workOf("one") });
    acquireAs(driver, "b", { shared: true, permits: 2 });
    acquireAs(driver, "c", { permits: 2, work: workOf("two", "build") });
    driver.advance(100);
    acquireAs(driver, "d", { priority: 3, leaseMs: 90_000 });
    driver.execute(lockKey, renew, { holder: "a", token: Number(token), leaseMs: 120_000 });
    return goldenOf(driver, lock, lockKey, release);
  },

  /** All other events of a lock. */
  eventful: (release) => {
    const driver = newDriver();
    acquireAs(driver, "a", { leaseMs: 1_000 });
    for (const holder of ["b", "c", "d", "e"]) acquireAs(driver, holder, { waitMs: 1_500, leaseMs: 1_000 });
    driver.advance(1_000);
    driver.execute(lockKey, leaveLine, { holder: "c" });
    driver.execute(lockKey, breakHold, { holder: "b", reason: "gone" });
    const [waiting] = driver.state(lockKey, lock).line.inOrder();
    driver.execute(deadlocksKey, resolveDeadlock, circleAt(waiting?.ticket ?? 0));
    driver.deliverAll();
    releaseAs(driver, "c");
    driver.advance(60_000);
    acquireAs(driver, "f", { permits: 1, leaseMs: 60_000 });
    driver.execute(lockKey, setPermits, { permits: 5 });
    acquireAs(driver, "g", { permits: 5 });
    driver.execute(lockKey, setPermits, { permits: 2 });
    return goldenOf(driver, lock, lockKey, release);
  },

  /** One recorded deadlock. */
  booked: (release) => {
    const driver = newDriver();
    driver.execute(deadlocksKey, resolveDeadlock, circleAt(7));
    return goldenOf(driver, deadlocks, deadlocksKey, release);
  },
};

function circleAt(ticket: number): ResolveDeadlock {
  const { namespace, id } = lockKey;
  const edge = { namespace, lock: id, ticket, waiter: workOf("one"), holder: workOf("two") };
  return { circle: [edge], reason: "one and two wait for each other, and two gives way: it started last" };
}
