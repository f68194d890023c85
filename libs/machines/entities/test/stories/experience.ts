/** Histories that every release must read: recorded once by `npm run golden`. */
import { type GoldenStories, goldenOf, MachineDriver } from "@tutti/kernel/testing";
import {
  experience,
  forgetCapability,
  learnChoice,
  promoteModel,
  recordExperience,
  recordTraining,
  rollBackModel,
} from "../../src/experience/index.ts";
import { choiceOf, experienceKey, outcomeOf, trainingOf } from "../../src/testing/experience.ts";

/** Stories by the name of the file. */
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

  /** A model that is promoted, one that a user promotes and takes back, and one that is dropped. */
  compared: (release) => {
    const driver = new MachineDriver({ machines: [experience], service: "master" });
    const outcomes = [outcomeOf("pay")];
    driver.execute(experienceKey, recordExperience, { sender: "one", batch: 1, outcomes });
    const train = (errors: Readonly<Record<string, number>>) =>
      driver.execute(experienceKey, recordTraining, { capability: "pay", training: trainingOf(errors) });
    train({ middle: 0.4, similar: 0.2, median: 0.3, last: 0.5 });
    const training = trainingOf({ middle: 0.3, similar: 0.31, median: 0.4, last: 0.5 });
    driver.execute(experienceKey, promoteModel, { capability: "pay", model: "middle", training });
    driver.execute(experienceKey, rollBackModel, { capability: "pay" });
    train({ middle: 0.5, similar: 0.5, median: 0.2, last: 0.5 });
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
