import { judgeTrial, type TrialArm } from "@tutti/analysis";
import {
  AdviceChanged,
  DismissFound,
  EndTrial,
  JudgeTrial,
  KeepFound,
  Recommendation,
  RecommendationStatus,
  RegisterTrial,
  SettleTrial,
  StartTrial,
  type TrialSample,
  TrialVerdict,
} from "@tutti/contracts/intelligence/v1";
import { fromTimestamp, isRefusal, type ReadOnly, type Refusal, toTimestamp } from "@tutti/kernel";
import { weightOf } from "../kit/sameness.ts";
import { adviceErrors } from "./errors.ts";
import {
  adviceDismissed,
  adviceFound,
  trialJudged,
  trialRegistered,
  trialSettled,
  trialStarted,
} from "./events.ts";
import { type AdviceCommand, type AdviceState, bytesMax, foundMax, isOnTrial, openMs } from "./state.ts";

const {
  RECOMMENDATION_STATUS_OPEN: open,
  RECOMMENDATION_STATUS_TRIAL: onTrial,
  RECOMMENDATION_STATUS_DISMISSED: dismissed,
  RECOMMENDATION_STATUS_TAKEN_BACK: takenBack,
} = RecommendationStatus;

const nothing = { recommendation: undefined };

/**
 * A dismissed or reverted recommendation stays so until its quiet time is over. A recommendation in a trial
 * is not changed.
 */
export const keepFound: AdviceCommand<KeepFound, AdviceChanged> = {
  type: "keep_found",
  codec: KeepFound,
  reply: AdviceChanged,
  decide(state, { subject, baseHash, found }, step) {
    const wrong = found.find((each) => !isSound(each, subject));
    if (subject === "" || found.length > foundMax || wrong !== undefined)
      return adviceErrors.invalid.refusal({
        problem: `expected at most ${foundMax} recommendations about one workflow, each with an id and at most ${bytesMax} bytes`,
      });
    const made = found.flatMap((each): Recommendation[] => {
      const before = state.recommendations.get(each.recommendationId);
      if (before !== undefined && isUnchanged(before, step.nowMs)) return [];
      const same = before?.status === open && isSame(before as Recommendation, each, baseHash);
      if (
        same &&
        (before.expireTime === undefined || fromTimestamp(before.expireTime) - step.nowMs > openMs / 2)
      )
        return [];
      return [
        {
          ...each,
          baseHash,
          status: open,
          trial: undefined,
          decideCause: undefined,
          quietUntil: undefined,
          createTime: same ? (before as Recommendation).createTime : toTimestamp(step.nowMs),
          expireTime: toTimestamp(step.nowMs + openMs),
          takenBack: before?.takenBack ?? 0,
        },
      ];
    });
    const ids = new Set(found.map(({ recommendationId }) => recommendationId));
    const expired = [...state.recommendations.values()]
      .filter((each) => each.status === open && each.subject === subject && !ids.has(each.recommendationId))
      .map(({ recommendationId }) => recommendationId);
    if (made.length + expired.length > 0) step.emit(adviceFound, { made, expired, timeMs: step.nowMs });
    return nothing;
  },
};

/** Also reverts a running trial. */
export const dismissFound: AdviceCommand<DismissFound, AdviceChanged> = {
  type: "dismiss_found",
  codec: DismissFound,
  reply: AdviceChanged,
  decide(state, { recommendationId: id }, step) {
    const known = state.recommendations.get(id);
    if (known === undefined) return adviceErrors.missing.refusal({ id });
    if (known.status === dismissed) return replyOf(state, id);
    if (known.status === onTrial) {
      const verdict = TrialVerdict.TRIAL_VERDICT_TAKE_BACK;
      step.emit(trialJudged, {
        recommendationId: id,
        verdict,
        finding: "A user dismissed it.",
        before: undefined,
        tried: undefined,
        timeMs: step.nowMs,
        cause: step.cause,
      });
      return replyOf(state, id);
    }
    if (known.status !== open) return notOpen(known);
    step.emit(adviceDismissed, { recommendationId: id, timeMs: step.nowMs, cause: step.cause });
    return replyOf(state, id);
  },
};

/** Only one recommendation of a workflow is tried at a time. */
export const startTrial: AdviceCommand<StartTrial, AdviceChanged> = {
  type: "start_trial",
  codec: StartTrial,
  reply: AdviceChanged,
  decide(state, { recommendationId: id, baseHash, percent }, step) {
    const known = state.recommendations.get(id);
    if (known === undefined) return adviceErrors.missing.refusal({ id });
    if (!(Number.isInteger(percent) && percent >= 1 && percent <= 90))
      return adviceErrors.invalid.refusal({ problem: `\`percent\`: expected 1 to 90, got ${percent}` });
    if (known.status !== open) return notOpen(known);
    const { subject, manual } = known;
    if (manual !== "") return adviceErrors.manual.refusal({ id, change: manual });
    if (known.baseHash !== baseHash) return adviceErrors.overtaken.refusal({ id, subject });
    const other = [...state.recommendations.values()].find(
      (each) => each.subject === subject && isOnTrial(each),
    );
    if (other !== undefined)
      return adviceErrors.onTrial.refusal({ id, other: other.recommendationId, subject });
    step.emit(trialStarted, { recommendationId: id, percent, timeMs: step.nowMs, cause: step.cause });
    return replyOf(state, id);
  },
};

export const registerTrial: AdviceCommand<RegisterTrial, AdviceChanged> = {
  type: "register_trial",
  codec: RegisterTrial,
  reply: AdviceChanged,
  decide(state, { recommendationId: id, hash }, step) {
    const known = recommendationOnTrial(state, id);
    if (isRefusal(known)) return known;
    if (hash === "") return adviceErrors.invalid.refusal({ problem: "`hash`: expected a hash, got none" });
    if (known.trial?.hash !== hash) step.emit(trialRegistered, { recommendationId: id, hash });
    return replyOf(state, id);
  },
};

/** Measures whose gains must be shown. The first stands for a recommendation without a measure. */
const timeMeasures: ReadonlySet<string> = new Set(["", "time", "time_p90"]);

export const judgeTrialOf: AdviceCommand<JudgeTrial, AdviceChanged> = {
  type: "judge_trial",
  codec: JudgeTrial,
  reply: AdviceChanged,
  decide(state, { recommendationId: id, before, tried: sample, harm }, step) {
    const known = recommendationOnTrial(state, id);
    if (isRefusal(known)) return known;
    const { trial, gain } = known;
    if (trial === undefined || trial.hash === "")
      return adviceErrors.invalid.refusal({ problem: `the version of \`${id}\` is not registered yet` });
    const startMs = trial.startTime === undefined ? step.nowMs : fromTimestamp(trial.startTime);
    const compared = judgeTrial(armOf(before), armOf(sample), {
      looks: trial.looks,
      elapsedMs: step.nowMs - startMs,
      isHarmlessEnough: gain !== undefined && !timeMeasures.has(gain.measure),
      helpsSlowRuns: gain?.measure === "time_p90",
      ...(known.pool !== "" && { unit: "spans" }),
    });
    const judged = harm === "" ? compared : { ...compared, verdict: "take_back", finding: harm };
    const verdict = verdicts[judged.verdict];
    if (verdict !== undefined)
      step.emit(trialJudged, {
        recommendationId: id,
        verdict,
        finding: judged.finding,
        before: judged.before,
        tried: judged.tried,
        timeMs: step.nowMs,
        cause: step.cause,
      });
    return replyOf(state, id);
  },
};

/** Ends a trial that a caller stopped, that could not start, or whose workflow was changed meanwhile. */
export const endTrial: AdviceCommand<EndTrial, AdviceChanged> = {
  type: "end_trial",
  codec: EndTrial,
  reply: AdviceChanged,
  decide(state, { recommendationId: id, finding, reopen }, step) {
    const known = recommendationOnTrial(state, id);
    if (isRefusal(known)) return known;
    const { TRIAL_VERDICT_REOPEN, TRIAL_VERDICT_OVERTAKEN } = TrialVerdict;
    step.emit(trialJudged, {
      recommendationId: id,
      verdict: reopen ? TRIAL_VERDICT_REOPEN : TRIAL_VERDICT_OVERTAKEN,
      finding,
      before: undefined,
      tried: undefined,
      timeMs: step.nowMs,
      cause: step.cause,
    });
    return replyOf(state, id);
  },
};

export const settleTrial: AdviceCommand<SettleTrial, AdviceChanged> = {
  type: "settle_trial",
  codec: SettleTrial,
  reply: AdviceChanged,
  decide(state, { recommendationId: id }, step) {
    const known = state.recommendations.get(id);
    if (known === undefined) return adviceErrors.missing.refusal({ id });
    if (known.status !== onTrial && known.trial?.settled === false)
      step.emit(trialSettled, { recommendationId: id });
    return replyOf(state, id);
  },
};

const verdicts: Readonly<Record<string, TrialVerdict>> = {
  continue: TrialVerdict.TRIAL_VERDICT_CONTINUE,
  keep: TrialVerdict.TRIAL_VERDICT_KEEP,
  take_back: TrialVerdict.TRIAL_VERDICT_TAKE_BACK,
};

function replyOf(state: ReadOnly<AdviceState>, id: string): AdviceChanged {
  // The cast is safe: the value is only read.
  return { recommendation: state.recommendations.get(id) as Recommendation | undefined };
}

function recommendationOnTrial(state: ReadOnly<AdviceState>, id: string): ReadOnly<Recommendation> | Refusal {
  const known = state.recommendations.get(id);
  if (known === undefined) return adviceErrors.missing.refusal({ id });
  return known.status === onTrial ? known : notOpen(known);
}

function notOpen({ recommendationId: id, status }: ReadOnly<Recommendation>): Refusal {
  return adviceErrors.notOpen.refusal({ id, status: statusName(status) });
}

export function statusName(status: RecommendationStatus): string {
  const [name = ""] = Object.entries(RecommendationStatus).find(([, value]) => value === status) ?? [];
  return name.replace("RECOMMENDATION_STATUS_", "").replace("_", " ").toLowerCase();
}

function isUnchanged(each: ReadOnly<Recommendation>, nowMs: number): boolean {
  if (isOnTrial(each)) return true;
  const isQuiet = each.status === dismissed || each.status === takenBack;
  return isQuiet && each.quietUntil !== undefined && nowMs < fromTimestamp(each.quietUntil);
}

function isSame(before: Recommendation, { gain, reasons }: Recommendation, baseHash: string): boolean {
  return (
    before.baseHash === baseHash &&
    JSON.stringify([before.gain, before.reasons]) === JSON.stringify([gain, reasons])
  );
}

function isSound(each: Recommendation, subject: string): boolean {
  const { recommendationId } = each;
  return (
    /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/.test(recommendationId) &&
    each.subject === subject &&
    weightOf(Recommendation, each) <= bytesMax
  );
}

function armOf({
  runMs = [],
  failed = 0,
  money = [],
  ended = 0,
}: Partial<ReadOnly<TrialSample>> = {}): TrialArm {
  const sound = (value: number) => Number.isFinite(value) && value >= 0;
  return {
    runMs: runMs.filter(sound),
    failed,
    money: money.filter(sound),
    ...(ended > 0 && { ended: Math.max(ended, failed) }),
  };
}
