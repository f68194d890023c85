/** Checks results of work: continues, sends work back to be repeated, or fails. */
import type { Json } from "@tutti/expressions";
import { encodeJson } from "@tutti/machine-work";
import { complete, failForGood } from "../../core/attempt/outcome.ts";
import { encoded, evaluateCondition, evaluateInFull } from "../../core/evaluate/evaluate.ts";
import { idOf, type Place, sceneOf, type TaskKind } from "../../core/node/task-kind.ts";
import { runErrors } from "../../errors.ts";
import { errorWithReports, sendBack, sentBackOf } from "./send-back.ts";

export const gate: TaskKind = {
  start(place) {
    const work = place.range.plan.work(place.task);
    if (work.kind !== "gate") return;
    const checks: { readonly name: string; readonly passed: boolean }[] = [];
    for (const { name, condition } of work.checks) {
      const result = evaluateCondition(sceneOf(place), condition, `the check ${name} of ${idOf(place)}`);
      if (!result.ok) {
        failForGood(place, result.error);
        return;
      }
      checks.push({ name, passed: result.value });
    }
    const failed = checks.filter(({ passed }) => !passed).map(({ name }) => name);
    if (failed.length > 0) turnDown(place, work, failed);
    else complete(place, encodeJson({ passed: true, checks, sentBack: sentBackOf(place, work.sendBack) }));
  },
};

interface Rejection {
  readonly sendBack: number;
  readonly times: number;
  readonly report: number;
}

function turnDown(
  place: Place,
  { sendBack: task, times, report }: Rejection,
  failed: readonly string[],
): void {
  const subject = `\`report\` of ${idOf(place)}`;
  const checks: Json = { checks: failed };
  const encodedReport =
    report < 0 ? encoded(checks, subject) : evaluateInFull(sceneOf(place), report, subject);
  if (!encodedReport.ok) {
    failForGood(place, encodedReport.error);
    return;
  }
  if (sendBack(place, { task, times, checks: failed, report: encodedReport.bytes })) return;
  const refusal = runErrors.gateFailed.refusal({
    task: idOf(place),
    checks: failed.join(", "),
    times: sentBackOf(place, task),
  });
  failForGood(place, errorWithReports(place, task, refusal, encodedReport.bytes));
}
