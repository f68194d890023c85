/**
 * The experience of a namespace, a machine: ends of attempts, from which is learned how long the next ones take, and
 * what came of choices, from which is learned how the next ones are made.
 *
 * 1. A batch counts once, by its sender and its number.
 * 2. The latest of both are kept, as many as there may be. A learner that reads them in their order knows the same in
 *    every process and after every restart.
 */
import { ExperienceSnapshotV1 } from "@tutti/contracts/intelligence/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { entity } from "../kit/entity.ts";
import { forgetCapability, learnChoice, recordExperience } from "./commands.ts";
import { capabilityForgotten, choiceLearned, experienceRecorded } from "./events.ts";
import { experienceNews } from "./queries.ts";
import { type Experience, newExperience } from "./state.ts";

export const experience = entity({
  kind: "experience",
  create: newExperience,
  commands: [recordExperience, learnChoice, forgetCapability],
  events: [experienceRecorded, choiceLearned, capabilityForgotten],
  queries: [experienceNews],
  snapshot: {
    codec: ExperienceSnapshotV1,
    of: ({ senders, ...kept }: Experience) => ({
      ...{ ...kept, senders: [...senders].map(([sender, batch]) => ({ sender, batch })) },
    }),
    from: ({ senders, ...kept }) => ({
      ...{ ...kept, senders: new Map(senders.map(({ sender, batch }) => [sender, batch])) },
    }),
  },
  status: ({ count, choiceCount }) =>
    count + choiceCount === 0 ? WorkStatus.WORK_STATUS_UNSPECIFIED : WorkStatus.WORK_STATUS_RUNNING,
  idChosen: false,
});
