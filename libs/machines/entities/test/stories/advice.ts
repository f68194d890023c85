/** Histories that every release must read: recorded once by `npm run golden`. */
import { type GoldenStories, goldenOf, MachineDriver } from "@tutti/kernel/testing";
import {
  advice,
  dismissFound,
  endTrial,
  judgeTrialOf,
  keepFound,
  registerTrial,
  settleTrial,
  startTrial,
} from "../../src/advice/index.ts";
import { adviceKey, recommendationOf, runsOf } from "../../src/testing/advice.ts";

function driverWith(ids: readonly string[]): MachineDriver {
  const driver = new MachineDriver({ machines: [advice], service: "master" });
  const found = ids.map((id) => recommendationOf(id));
  driver.execute(adviceKey, keepFound, { subject: "order", baseHash: "h1", found });
  return driver;
}

function start(driver: MachineDriver, recommendationId: string, hash: string): void {
  driver.execute(adviceKey, startTrial, { recommendationId, baseHash: "h1", percent: 20 });
  driver.execute(adviceKey, registerTrial, { recommendationId, hash });
}

/** Stories by the name of the file. */
export const stories: GoldenStories = {
  /** One is dismissed, one fails its trial, and one passes it, which expires the last. */
  tried: (release) => {
    const driver = driverWith(["one", "two", "three", "four"]);
    driver.execute(adviceKey, dismissFound, { recommendationId: "one" });
    start(driver, "two", "t2");
    const judge = (recommendationId: string, count: number, ms: number) =>
      driver.execute(adviceKey, judgeTrialOf, {
        ...{ recommendationId, before: runsOf(200, 100), tried: runsOf(count, ms), harm: "" },
      });
    judge("two", 20, 200);
    driver.execute(adviceKey, settleTrial, { recommendationId: "two" });
    start(driver, "three", "t3");
    judge("three", 20, 50);
    judge("three", 40, 50);
    driver.execute(adviceKey, settleTrial, { recommendationId: "three" });
    return goldenOf(driver, advice, adviceKey, release);
  },

  /** A trial that could not start, and one that a user change ended. */
  ended: (release) => {
    const driver = driverWith(["one"]);
    start(driver, "one", "t1");
    driver.execute(adviceKey, endTrial, { recommendationId: "one", finding: "Refused.", reopen: true });
    driver.execute(adviceKey, settleTrial, { recommendationId: "one" });
    start(driver, "one", "t1");
    driver.execute(adviceKey, endTrial, { recommendationId: "one", finding: "Changed.", reopen: false });
    return goldenOf(driver, advice, adviceKey, release);
  },
};
