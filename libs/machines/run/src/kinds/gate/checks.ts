/**
 * Runs the checks of a task on its output before the output counts: the task completes, fails, is repeated,
 * or people are asked, also by rules.
 */
import type { QualityCheck } from "@tutti/definitions";
import type { Json, Value } from "@tutti/expressions";
import { type Data, detailOfRefusal, parsed, UnreadableData } from "@tutti/machine-work";
import { type AttemptReport, complete, failAttempt, failForGood } from "../../core/attempt/outcome.ts";
import { encoded, evaluateCondition } from "../../core/evaluate/evaluate.ts";
import { idOf, type Place } from "../../core/node/task-kind.ts";
import { runErrors } from "../../errors.ts";
import { askAboutOutput, askRuleQuestions } from "../approve/ask.ts";
import { storeOutput } from "../cache/cache.ts";
import { errorWithReports, sendBack, sentBackOf } from "./send-back.ts";

/** Handles a successful attempt or child: its output becomes the output of the task if the checks pass. */
export function finish(place: Place, output: Data | undefined, attemptReport: AttemptReport = {}): void {
  const { checks } = place.range.plan.policy(place.task);
  const { questions = [] } = attemptReport;
  if (checks.length === 0) {
    if (questions.length > 0) askRuleQuestions(place, questions, output, attemptReport);
    else completeAndStore(place, output, attemptReport);
    return;
  }
  const names = namesOf(place, output);
  if (names === undefined) {
    const problem = "something else";
    const refusal = runErrors.dataUnreadable.refusal({ name: `the output of ${idOf(place)}`, problem });
    failForGood(place, detailOfRefusal(refusal), attemptReport);
    return;
  }
  const checkNames: string[] = [];
  for (const check of checks) {
    const scene = { run: place.run, range: place.range, node: place.number, names, budget: place.budget };
    const result = evaluateCondition(scene, check.condition, `the check ${check.name} of ${idOf(place)}`);
    if (!result.ok) {
      failForGood(place, result.error, attemptReport);
      return;
    }
    if (result.value) continue;
    if (check.onFailure !== "approval") {
      turnDown(place, check, names["output"] as Json, attemptReport);
      return;
    }
    checkNames.push(check.name);
  }
  if (checkNames.length > 0) askAboutOutput(place, checkNames, output, attemptReport);
  else if (questions.length > 0) askRuleQuestions(place, questions, output, attemptReport);
  else completeAndStore(place, output, attemptReport);
}

/** Completes the task. Other tasks may reuse an output that has passed its checks. */
function completeAndStore(place: Place, output: Data | undefined, attemptReport: AttemptReport): void {
  complete(place, output, attemptReport);
  storeOutput(place, output, attemptReport);
}

/** Returns the names that checks see. Undefined for an output that is not JSON: no check can read it. */
function namesOf({ run, number }: Place, output: Data | undefined): Record<string, Value> | undefined {
  try {
    return {
      output: parsed(output),
      given: parsed(run.nodes[number]?.input as Data | undefined),
      error: null,
    };
  } catch (error) {
    if (error instanceof UnreadableData) return undefined;
    throw error;
  }
}

/** Handles a failed check. */
function turnDown(place: Place, check: QualityCheck, output: Json, rejectOutput: AttemptReport): void {
  const { name, onFailure, sendBackTo: task, times } = check;
  const refusal = (count: number) =>
    runErrors.checkFailed.refusal({ task: idOf(place), check: name, times: count });
  if (onFailure === "fail") {
    failAttempt(place, detailOfRefusal(refusal(0)), rejectOutput);
    return;
  }
  const report = encoded({ check: name, output }, `the report of ${idOf(place)}`);
  if (!report.ok) {
    failForGood(place, report.error, rejectOutput);
    return;
  }
  if (sendBack(place, { task, times, checks: [name], report: report.bytes, used: rejectOutput.used })) return;
  failForGood(
    place,
    errorWithReports(place, task, refusal(sentBackOf(place, task)), report.bytes),
    rejectOutput,
  );
}
