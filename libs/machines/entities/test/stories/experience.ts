/** Histories that every release has to read: what happened, told once and written down by `npm run golden`. */
import { type GoldenStories, goldenOf, MachineDriver } from "@tutti/kernel/testing";
import { experience, forgetCapability, learnChoice, recordExperience } from "../../src/experience/index.ts";
import { choiceOf, experienceKey, outcomeOf } from "../../src/testing/experience.ts";

/** By the name of the file. */
export const stories: GoldenStories = {
  /** Two senders, a batch that came twice, and a capability that is forgotten. */
  learned: (release) => {
    const driver = new MachineDriver({ machines: [experience], service: "master" });
    const record = (sender: string, batch: number, capability: string) =>
      driver.execute(experienceKey, recordExperience, {
        ...{ sender, batch },
        outcomes: [
          outcomeOf(capability, {
            version: "1.0.0",
            definition: "order",
            definitionTask: "charge",
            tokens: 3,
          }),
          outcomeOf(capability, { errorCode: "task.failed" }),
        ],
      });
    record("one", 1, "pay");
    record("one", 1, "pay");
    record("two", 4, "ship");
    driver.execute(experienceKey, forgetCapability, { capability: "pay" });
    return goldenOf(driver, experience, experienceKey, release);
  },

  /** Outcomes of choices, one of which was reported twice. */
  chosen: (release) => {
    const driver = new MachineDriver({ machines: [experience], service: "master" });
    const learn = (sessionId: string, lostMs: number) =>
      driver.execute(experienceKey, learnChoice, { choice: choiceOf(sessionId, { lostMs }) });
    learn("one", 0);
    learn("two", 7);
    learn("two", 7);
    return goldenOf(driver, experience, experienceKey, release);
  },
};
