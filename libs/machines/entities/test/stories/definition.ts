/** Histories that every release must read: recorded once by `npm run golden`. */
import { type GoldenStories, goldenOf, MachineDriver } from "@tutti/kernel/testing";
import { archive, definition, point, register, rollOut } from "../../src/definition/index.ts";

const key = { namespace: "default", kind: "definition", id: "order" };

/** Stories by the name of the file. */
export const stories: GoldenStories = {
  versions: (release) => {
    const driver = new MachineDriver({ machines: [definition], service: "workflow" });
    const source = { sha256: new Uint8Array(32).fill(7), size: 120 };
    const fields = { facts: Uint8Array.of(1, 2), factsBlob: undefined, source, percent: undefined };
    driver.execute(key, register, {
      ...fields,
      hash: "a",
      labels: ["1.0.0"],
      searchLabels: { team: "shop" },
    });
    driver.advance(1_000);
    driver.execute(key, register, {
      ...{ hash: "b", facts: new Uint8Array(), factsBlob: { ...source, size: 40_000 }, source },
      ...{ labels: ["latest"], searchLabels: { team: "sales" }, percent: undefined },
    });
    driver.execute(key, point, { label: "stable", hash: "a", searchLabels: {} });
    driver.execute(key, point, { label: "1.0.0", hash: "", searchLabels: {} });
    driver.execute(key, archive, { hash: "a", restore: false });
    return goldenOf(driver, definition, key, release);
  },
  rollout: (release) => {
    const driver = new MachineDriver({ machines: [definition], service: "workflow" });
    const source = { sha256: new Uint8Array(32).fill(7), size: 120 };
    const fields = { facts: Uint8Array.of(1, 2), factsBlob: undefined, source, searchLabels: {} };
    driver.execute(key, register, { ...fields, hash: "a", labels: ["1.0.0"], percent: 100 });
    driver.execute(key, register, { ...fields, hash: "b", labels: ["2.0.0"], percent: 10 });
    driver.advance(60_000);
    driver.execute(key, rollOut, { hash: "b", percent: 100, searchLabels: {} });
    driver.execute(key, register, { ...fields, hash: "c", labels: ["3.0.0"], percent: 25 });
    return goldenOf(driver, definition, key, release);
  },
};
