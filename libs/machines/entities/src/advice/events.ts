import { trialLooks } from "@tutti/analysis";
import {
  AdviceDismissedV1,
  AdviceFoundV1,
  Recommendation,
  RecommendationStatus,
  Trial,
  TrialJudgedV1,
  TrialRegisteredV1,
  TrialSettledV1,
  TrialStartedV1,
  TrialVerdict,
} from "@tutti/contracts/intelligence/v1";
import { assert, toTimestamp } from "@tutti/kernel";
import { weightOf } from "../kit/sameness.ts";
import {
  type AdviceEvent,
  type AdviceState,
  isOnTrial,
  quietFor,
  recommendationsMax,
  weightMax,
} from "./state.ts";

const {
  RECOMMENDATION_STATUS_OPEN: open,
  RECOMMENDATION_STATUS_TRIAL: trial,
  RECOMMENDATION_STATUS_APPLIED: applied,
  RECOMMENDATION_STATUS_DISMISSED: dismissed,
  RECOMMENDATION_STATUS_EXPIRED: expired,
  RECOMMENDATION_STATUS_TAKEN_BACK: takenBack,
} = RecommendationStatus;

export const adviceFound: AdviceEvent<AdviceFoundV1> = {
  type: "advice_found",
  version: 1,
  codec: AdviceFoundV1,
  described: true,
  evolve(state, { made, expired: expiredIds }) {
    for (const id of expiredIds) change(state, id, { status: expired });
    for (const found of made) {
      // A changed recommendation moves to the end: the one that was not found for longest is dropped first.
      state.recommendations.delete(found.recommendationId);
      state.recommendations.set(found.recommendationId, found);
    }
    makeRoom(state);
  },
};

export const adviceDismissed: AdviceEvent<AdviceDismissedV1> = {
  type: "advice_dismissed",
  version: 1,
  codec: AdviceDismissedV1,
  described: true,
  evolve(state, { recommendationId, timeMs, cause }) {
    const quietUntil = toTimestamp(timeMs + quietFor(1));
    change(state, recommendationId, { status: dismissed, decideCause: cause, quietUntil });
  },
};

export const trialStarted: AdviceEvent<TrialStartedV1> = {
  type: "trial_started",
  version: 1,
  codec: TrialStartedV1,
  described: true,
  evolve(state, { recommendationId, percent, timeMs, cause }) {
    const started = Trial.fromPartial({ percent, startTime: toTimestamp(timeMs), nextRuns: trialLooks[0] });
    change(state, recommendationId, { status: trial, decideCause: cause, trial: started });
  },
};

export const trialRegistered: AdviceEvent<TrialRegisteredV1> = {
  type: "trial_registered",
  version: 1,
  codec: TrialRegisteredV1,
  described: true,
  evolve(state, { recommendationId, hash }) {
    changeTrial(state, recommendationId, { hash, settled: true });
  },
};

export const trialJudged: AdviceEvent<TrialJudgedV1> = {
  type: "trial_judged",
  version: 1,
  codec: TrialJudgedV1,
  described: true,
  evolve(state, { recommendationId: id, verdict, finding, before, tried, timeMs, cause }) {
    const known = state.recommendations.get(id);
    assert(known?.trial !== undefined, "only what is on trial is judged", { id });
    const looks = known.trial.looks + (before === undefined ? 0 : 1);
    changeTrial(state, id, { finding, looks, ...(before !== undefined && { before, tried }) });
    if (verdict === TrialVerdict.TRIAL_VERDICT_CONTINUE) {
      changeTrial(state, id, { nextRuns: trialLooks[looks] ?? trialLooks.at(-1) ?? 0 });
      return;
    }
    changeTrial(state, id, { nextRuns: 0, endTime: toTimestamp(timeMs), settled: false });
    if (verdict === TrialVerdict.TRIAL_VERDICT_KEEP) {
      change(state, id, { status: applied, decideCause: cause });
      // The others refer to a version that is no longer the latest one.
      for (const other of state.recommendations.values())
        if (other.subject === known.subject && other.status === open)
          change(state, other.recommendationId, { status: expired });
    } else if (verdict === TrialVerdict.TRIAL_VERDICT_TAKE_BACK) {
      const times = known.takenBack + 1;
      const quietUntil = toTimestamp(timeMs + quietFor(times));
      change(state, id, { status: takenBack, takenBack: times, quietUntil, decideCause: cause });
    } else {
      change(state, id, { status: verdict === TrialVerdict.TRIAL_VERDICT_REOPEN ? open : expired });
    }
  },
};

export const trialSettled: AdviceEvent<TrialSettledV1> = {
  type: "trial_settled",
  version: 1,
  codec: TrialSettledV1,
  described: true,
  evolve(state, { recommendationId }) {
    changeTrial(state, recommendationId, { settled: true });
  },
};

function change(state: AdviceState, id: string, changes: Partial<Recommendation>): void {
  const known = state.recommendations.get(id);
  assert(known !== undefined, "a changed recommendation is stored", { id });
  state.recommendations.set(id, { ...known, ...changes });
}

function changeTrial(state: AdviceState, id: string, changes: Partial<Trial>): void {
  const { trial: known } = state.recommendations.get(id) ?? {};
  assert(known !== undefined, "a trial that changes has started", { id });
  change(state, id, { trial: { ...known, ...changes } });
}

/** Drops recommendations, except those in a trial. */
function makeRoom({ recommendations }: AdviceState): void {
  let weight = 0;
  for (const each of recommendations.values()) weight += weightOf(Recommendation, each);
  for (const [id, each] of recommendations) {
    if (recommendations.size <= recommendationsMax && weight <= weightMax) return;
    if (isOnTrial(each)) continue;
    recommendations.delete(id);
    weight -= weightOf(Recommendation, each);
  }
}
