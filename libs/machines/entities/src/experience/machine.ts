/**
 * The experience of a namespace, a machine: ends of attempts, from which is learned how long the next ones take, and
 * what came of choices, from which is learned how the next ones are made.
 *
 * 1. A batch counts once, by its sender and its number.
 * 2. The latest of both are kept, as many as there may be. A learner that reads them in their order knows the same in
 *    every process and after every restart.
 * 3. Which model predicts a capability follows from recorded comparisons. A learner that hears of another one learns again.
 */
import { ExperienceSnapshotV1 } from "@tutti/contracts/intelligence/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { entity } from "../kit/entity.ts";
import { forgetCapability, learnChoice, recordExperience } from "./commands.ts";
import { capabilityForgotten, choiceLearned, experienceRecorded } from "./events.ts";
import { promoteModel, recordTraining, rollBackModel } from "./models/commands.ts";
import { modelChanged, modelTrained } from "./models/events.ts";
import { recordedModels } from "./models/queries.ts";
import { experienceNews } from "./queries.ts";
import { type Experience, newExperience } from "./state.ts";

export const experience = entity({
  kind: "experience",
  create: newExperience,
  commands: [recordExperience, learnChoice, forgetCapability, recordTraining, promoteModel, rollBackModel],
  events: [experienceRecorded, choiceLearned, capabilityForgotten, modelTrained, modelChanged],
  queries: [experienceNews, recordedModels],
  snapshot: {
    codec: ExperienceSnapshotV1,
    of: ({ senders, models, ...kept }: Experience) => ({
      ...kept,
      senders: [...senders].map(([sender, batch]) => ({ sender, batch })),
      models: [...models.values()],
    }),
    from: ({ senders, models, ...kept }) => ({
      ...kept,
      senders: new Map(senders.map(({ sender, batch }) => [sender, batch])),
      models: new Map(models.map((each) => [each.capability, each])),
    }),
  },
  status: ({ count, choiceCount }) =>
    count + choiceCount === 0 ? WorkStatus.WORK_STATUS_UNSPECIFIED : WorkStatus.WORK_STATUS_RUNNING,
  idChosen: false,
});
