/**
 * The experience of a namespace, a machine: ends of attempts, from which is learned how long the next ones take, and what came of
 * choices, from which is learned how the next ones are made.
 *
 * 1. A batch counts once, by its sender and its number.
 * 2. The latest of both are kept, as many as there may be; whoever learns from them in their order knows the same in
 *    every process and after every restart.
 */
import { ExperienceSnapshotV1 } from "@tutti/contracts/intelligence/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { kernelErrors, type Machine } from "@tutti/kernel";
import { forgetCapability, learnChoice, recordExperience } from "./commands.ts";
import { capabilityForgotten, choiceLearned, experienceRecorded } from "./events.ts";
import { experienceNews } from "./queries.ts";
import { type Experience, newExperience } from "./state.ts";

const newest = 1;

export const experience: Machine<Experience, never> = {
  kind: "experience",
  behaviour: 1,
  isEndless: true,
  create: newExperience,
  commands: [recordExperience, learnChoice, forgetCapability],
  events: [experienceRecorded, choiceLearned, capabilityForgotten],
  queries: [experienceNews],
  snapshots: {
    version: newest,
    encode: (state) => ExperienceSnapshotV1.encode(snapshotOf(state as Experience)).finish(),
    decode(bytes, version) {
      if (version !== newest) throw kernelErrors.snapshotUnknown({ kind: "experience", version, newest });
      const { senders, ...kept } = ExperienceSnapshotV1.decode(bytes);
      return {
        ...kept,
        senders: new Map(senders.map(({ sender, batch }) => [sender, batch])),
      };
    },
  },
  recover() {},
  describe: ({ count, choiceCount }) => ({
    status: count + choiceCount === 0 ? WorkStatus.WORK_STATUS_UNSPECIFIED : WorkStatus.WORK_STATUS_RUNNING,
    definition: "",
    labels: {},
    idChosen: false,
  }),
  project: (state) => ExperienceSnapshotV1.toJSON(snapshotOf(state as Experience)),
};

function snapshotOf({ senders, ...kept }: Experience): ExperienceSnapshotV1 {
  return {
    ...kept,
    senders: [...senders].map(([sender, batch]) => ({ sender, batch })),
  };
}
