/**
 * The experience machine of a namespace: ends of attempts, to predict the duration of the next ones, and outcomes of
 * choices, to improve the next ones.
 *
 * 1. A batch counts once, by its sender and its number.
 * 2. The latest of both are kept, up to a limit. A learner that reads them in their order has the same knowledge in
 *    every process and after every restart.
 * 3. The model of a capability follows from recorded comparisons. A learner that receives another model learns again.
 */
import { ExperienceSnapshotV1 } from "@tutti/contracts/intelligence/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { entity } from "../kit/entity.ts";
import { forgetCapability, learnChoice, recordExperience } from "./commands.ts";
import { capabilityForgotten, choiceLearned, experienceRecorded } from "./events.ts";
import { promoteModel, recordTraining, rollBackModel } from "./models/commands.ts";
import { modelChanged, modelTrained } from "./models/events.ts";
import { recordedModels } from "./models/queries.ts";
import { experienceUpdate } from "./queries.ts";
import { type Experience, newExperience } from "./state.ts";

export const experience = entity({
  kind: "experience",
  create: newExperience,
  commands: [recordExperience, learnChoice, forgetCapability, recordTraining, promoteModel, rollBackModel],
  events: [experienceRecorded, choiceLearned, capabilityForgotten, modelTrained, modelChanged],
  queries: [experienceUpdate, recordedModels],
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
