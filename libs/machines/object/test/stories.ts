/** Histories that every release must read: recorded once by `npm run golden`. */
import { type GoldenStories, goldenOf, MachineDriver } from "@tutti/kernel/testing";
import { holder } from "@tutti/machine-limit/testing";
import { acquireObject, changeObject, object, releaseObject } from "../src/index.ts";

const key = { namespace: "default", kind: "object", id: "cart..seven" };
const run = (id: string) => ({ service: "workflow", kind: "holder", id, task: "" });

/** Stories by the name of the file. */
export const stories: GoldenStories = {
  /** One call has ended, one holds the object and has set values, one waits. */
  called: (release) => {
    const driver = new MachineDriver({ machines: [object, holder], service: "workflow" });
    for (const id of ["a", "b", "c"])
      driver.execute(key, acquireObject, {
        ...{ holder: run(id), name: "cart", key: "seven", call: "add", reader: false },
      });
    const entries = [{ name: "items", value: new TextEncoder().encode("[3]") }];
    driver.execute(key, changeObject, { holder: run("a"), ticket: 1, entries });
    driver.execute(key, releaseObject, { holder: run("a"), ticket: 1, status: 5 });
    driver.execute(key, changeObject, { holder: run("b"), ticket: 2, entries });
    return goldenOf(driver, object, key, release);
  },
};
