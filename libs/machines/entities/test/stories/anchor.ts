/** Histories that every release must read: recorded once by `npm run golden`. */
import { type GoldenStories, goldenOf, MachineDriver } from "@tutti/kernel/testing";
import { anchor, anchorCheckpoint, giveUpBook } from "../../src/anchor/index.ts";
import { anchorKey, anchorService, checkpointOf } from "../../src/testing/anchor.ts";

/** Stories by the name of the file. */
export const stories: GoldenStories = {
  anchored: (release) => {
    const driver = new MachineDriver({ machines: [anchor], service: anchorService });
    driver.execute(anchorKey, anchorCheckpoint, checkpointOf(1));
    driver.advance(1_000);
    driver.execute(anchorKey, anchorCheckpoint, checkpointOf(4));
    driver.execute(anchorKey, giveUpBook, checkpointOf(4));
    driver.execute(anchorKey, anchorCheckpoint, checkpointOf(2));
    return goldenOf(driver, anchor, anchorKey, release);
  },
};
