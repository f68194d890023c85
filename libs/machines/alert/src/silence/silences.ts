/**
 * Silences: receivers get no messages about matching alerts during a silence. A future silence is a maintenance window,
 * which can recur.
 */
import {
  AddSilence,
  AlertPartRemoved,
  EndSilence,
  type KeptAlert,
  type KeptSilence,
  SilenceAdded,
  SilenceAddedV1,
  SilenceEndedV1,
  type SilenceMatch,
} from "@tutti/contracts/insight/v1";
import { matcherProblem, matchesLabels } from "@tutti/expressions";
import { labelsMatch, type ReadOnly } from "@tutti/kernel";
import { plan, setTimer } from "../delivery/due.ts";
import { alertErrors } from "../errors.ts";
import { silencesMax } from "../limits.ts";
import { labelsOf } from "../report/labels.ts";
import type { AlertsCommand, AlertsEvent, AlertsView } from "../state.ts";
import { recurrenceProblem, windowAt } from "./recurrence.ts";

/** Returns the id of the silence that suppresses an alert. */
export function silenceOf(
  state: Pick<AlertsView, "silences">,
  alert: ReadOnly<KeptAlert>,
  nowMs: number,
): string | undefined {
  for (const { silenceId, ruleId, labels, fromMs, toMs, match } of state.silences.values()) {
    if (nowMs < fromMs || nowMs >= toMs || (ruleId !== "" && ruleId !== alert.ruleId)) continue;
    // The cast is safe: the value is only read.
    if (!labelsMatch(alert.labels, labels as Parameters<typeof labelsMatch>[1])) continue;
    if (match === undefined) return silenceId;
    const all = labelsOf(alert);
    if (match.matchers.every((matcher) => matchesLabels(matcher, all))) return silenceId;
  }
  return undefined;
}

/** Returns the next window of an ended silence. Undefined if it does not recur. */
export function nextOf(silence: ReadOnly<KeptSilence>, nowMs: number): KeptSilence | undefined {
  const { recurrence } = silence;
  // The silence may have ended long ago, while the process was stopped.
  const window = recurrence && windowAt(recurrence, Math.max(nowMs, silence.toMs));
  // The cast is safe: the value is only read.
  return window && { ...(silence as KeptSilence), ...window };
}

/** Returns the problem of the conditions of a silence. Empty if there is none. */
function matchProblem({ matchers }: SilenceMatch): string {
  for (const [at, matcher] of matchers.entries()) {
    const problem = matcherProblem(matcher);
    if (problem !== "") return `\`matchers[${at}].value\`: ${problem}`;
  }
  // Otherwise the silence would match everything.
  if (matchers.length > 0 && matchers.every((matcher) => matchesLabels(matcher, {})))
    return "`matchers`: expected one that does not match an empty value, got none";
  return "";
}

export const silenceAdded: AlertsEvent<SilenceAddedV1> = {
  type: "silence_added",
  version: 1,
  codec: SilenceAddedV1,
  evolve(state, { silence }, outstanding) {
    if (silence === undefined) return;
    state.lastId += 1;
    state.silences.set(silence.silenceId, silence);
    setTimer(state, outstanding);
  },
};

export const silenceEnded: AlertsEvent<SilenceEndedV1> = {
  type: "silence_ended",
  version: 1,
  codec: SilenceEndedV1,
  evolve(state, { silenceId, endMs }, outstanding) {
    state.silences.delete(silenceId);
    // Receivers are notified now of the suppressed alerts.
    for (const { status, told, ruleId } of state.alerts.values())
      if (status !== told) plan(state, ruleId, endMs);
    setTimer(state, outstanding);
  },
};

export const addSilence: AlertsCommand<AddSilence, SilenceAdded> = {
  type: "add_silence",
  codec: AddSilence,
  reply: SilenceAdded,
  decide(state, { ruleId, labels, match, replaces, recurrence, ...given }, step) {
    const broken = recurrence === undefined ? "" : recurrenceProblem(recurrence);
    if (broken !== "") return alertErrors.invalid.refusal({ problem: broken });
    const earliestMs = Math.max(given.fromMs, step.nowMs);
    const window = recurrence === undefined ? given : windowAt(recurrence, earliestMs);
    if (window === undefined)
      return alertErrors.invalid.refusal({
        problem: "`recurrence`: expected a time in the future, got none",
      });
    const { fromMs, toMs } = window;
    const startMs = fromMs === 0 ? step.nowMs : fromMs;
    if (!(toMs > Math.max(startMs, step.nowMs)))
      return alertErrors.invalid.refusal({
        problem: "`span.to`: expected a time in the future, after `from`",
      });
    const problem = match === undefined ? "" : matchProblem(match);
    if (problem !== "") return alertErrors.invalid.refusal({ problem });
    if (replaces !== "" && !state.silences.has(replaces))
      return alertErrors.silenceMissing.refusal({ id: replaces });
    if (replaces === "" && state.silences.size >= silencesMax)
      return alertErrors.full.refusal({ what: "silences", max: silencesMax });
    const silenceId = `s${state.lastId + 1}`;
    const silence = {
      silenceId,
      ruleId,
      labels,
      fromMs: startMs,
      toMs,
      cause: step.cause,
      match,
      recurrence,
    };
    step.emit(silenceAdded, { silence });
    // The old silence ends after the new one starts, so that receivers get no messages in between.
    if (replaces !== "") step.emit(silenceEnded, { silenceId: replaces, endMs: step.nowMs });
    return { silenceId };
  },
};

export const endSilence: AlertsCommand<EndSilence, AlertPartRemoved> = {
  type: "end_silence",
  codec: EndSilence,
  reply: AlertPartRemoved,
  decide(state, { silenceId }, step) {
    if (!state.silences.has(silenceId)) return { removed: false };
    step.emit(silenceEnded, { silenceId, endMs: step.nowMs });
    return { removed: true };
  },
};
