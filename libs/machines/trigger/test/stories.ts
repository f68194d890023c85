/** Histories that every release must read: recorded once by `npm run golden`. */
import { ActivationResult, Singleton } from "@tutti/contracts/workflow/v1";
import { type GoldenStories, goldenOf } from "@tutti/kernel/testing";
import { pause, remove, removeDeadLetters, reportRunEnd, resume, trigger, update } from "../src/index.ts";
import { driven, item, key, plan, post, settleAll } from "../src/trigger.fixture.ts";

/** Stories by the name of the file. */
export const stories: GoldenStories = {
  /** Everything that a trigger can have in progress. */
  "under-way": (release) => {
    const driver = driven(
      plan({ windowMs: 60_000 }, { batchSize: 2, throttleCount: 1, throttlePerMs: 60_000 }),
    );
    post(driver, item(1), item(2), item(3), item(3), item(4, { code: "trigger.expression_failed" }));
    post(driver, item(5), item(6));
    driver.execute(key, update, { plan: plan({ windowMs: 60_000 }, { debounceMs: 5_000 }), revision: 1 });
    post(driver, item(7), item(8, { group: "a" }));
    return goldenOf(driver, trigger, key, release);
  },

  /** From creation to removal. */
  removed: (release) => {
    const driver = driven(plan({ labels: { team: "shop" } }, { singleton: Singleton.SINGLETON_QUEUE }));
    post(driver, item(1), item(2));
    settleAll(driver);
    driver.execute(key, reportRunEnd, { runId: "orders-d1", status: 5, message: "" });
    settleAll(driver, ActivationResult.ACTIVATION_RESULT_DEAD);
    driver.execute(key, removeDeadLetters, { numbers: [] });
    driver.execute(key, pause, { note: "holidays" });
    post(driver, item(3));
    driver.execute(key, resume, { note: "" });
    driver.execute(key, update, { plan: plan({}, { singleton: Singleton.SINGLETON_SKIP }), revision: 0 });
    post(driver, item(4), item(5));
    settleAll(driver, ActivationResult.ACTIVATION_RESULT_DUPLICATE, true);
    driver.execute(key, remove, {});
    return goldenOf(driver, trigger, key, release);
  },
};
