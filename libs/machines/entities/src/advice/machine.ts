/**
 * The advice machine of a namespace: recommendations about its workflows, and their outcomes.
 *
 * 1. One recommendation of a workflow is tried at a time. Two that contradict each other cannot both have runs.
 * 2. The verdict of a trial is an event of its own, before new runs follow it. So a crash in between repeats the change
 *    of the runs, and never the verdict.
 * 3. A dismissed or reverted recommendation is not repeated for a while, each time for twice as long. This prevents
 *    oscillation.
 */
import { AdviceSnapshotV1, type Recommendation } from "@tutti/contracts/intelligence/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import { entity } from "../kit/entity.ts";
import {
  dismissFound,
  endTrial,
  judgeTrialOf,
  keepFound,
  registerTrial,
  settleTrial,
  startTrial,
} from "./commands.ts";
import {
  adviceDismissed,
  adviceFound,
  trialJudged,
  trialRegistered,
  trialSettled,
  trialStarted,
} from "./events.ts";
import { type AdviceState, isOnTrial } from "./state.ts";

export const recommended: Query<AdviceState, void, readonly ReadOnly<Recommendation>[]> = {
  type: "recommended",
  answer: ({ recommendations }) => [...recommendations.values()],
};

const trialLabel = "trial";

export const advice = entity({
  kind: "advice",
  create: (): AdviceState => ({ recommendations: new Map() }),
  commands: [keepFound, dismissFound, startTrial, registerTrial, judgeTrialOf, endTrial, settleTrial],
  events: [adviceFound, adviceDismissed, trialStarted, trialRegistered, trialJudged, trialSettled],
  queries: [recommended],
  snapshot: {
    codec: AdviceSnapshotV1,
    of: ({ recommendations }: AdviceState) => ({ recommendations: [...recommendations.values()] }),
    from: ({ recommendations }) => ({
      recommendations: new Map(recommendations.map((each) => [each.recommendationId, each])),
    }),
  },
  labels: ({ recommendations }) =>
    [...recommendations.values()].some(isOnTrial) ? { [trialLabel]: "yes" } : {},
  idChosen: false,
});
