/** Histories that every release has to read: what happened, told once and written down by `npm run golden`. */
import { type GoldenStories, goldenOf, MachineDriver } from "@tutti/kernel/testing";
import { archive, definition, point, register } from "../../src/definition/index.ts";

const key = { namespace: "default", kind: "definition", id: "order" };

/** By the name of the file. */
export const stories: GoldenStories = {
  versions: (release) => {
    const driver = new MachineDriver({ machines: [definition], service: "workflow" });
    const source = { sha256: new Uint8Array(32).fill(7), size: 120 };
    const given = { facts: Uint8Array.of(1, 2), factsBlob: undefined, source };
    driver.execute(key, register, { ...given, hash: "a", labels: ["1.0.0"], searchLabels: { team: "shop" } });
    driver.advance(1_000);
    driver.execute(key, register, {
      ...{ hash: "b", facts: new Uint8Array(), factsBlob: { ...source, size: 40_000 }, source },
      ...{ labels: ["latest"], searchLabels: { team: "sales" } },
    });
    driver.execute(key, point, { label: "stable", hash: "a", searchLabels: {} });
    driver.execute(key, point, { label: "1.0.0", hash: "", searchLabels: {} });
    driver.execute(key, archive, { hash: "a", restore: false });
    return goldenOf(driver, definition, key, release);
  },
};
