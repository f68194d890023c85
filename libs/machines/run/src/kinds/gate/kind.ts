/** Checks results of work: continues, sends work back to be repeated, or fails. */
import type { Json } from "@tutti/expressions";
import { encodeJson } from "@tutti/machine-work";
import { complete, failForGood } from "../../core/attempt/outcome.ts";
import { encoded, givenWhole, holds } from "../../core/evaluate/evaluate.ts";
import { idOf, type Place, sceneOf, type TaskKind } from "../../core/node/task-kind.ts";
import { runErrors } from "../../errors.ts";
import { errorWithReports, sendBack, sentBackOf } from "./send-back.ts";

export const gate: TaskKind = {
  start(place) {
    const work = place.range.plan.work(place.task);
    if (work.kind !== "gate") return;
    const checks: { readonly name: string; readonly passed: boolean }[] = [];
    for (const { name, condition } of work.checks) {
      const held = holds(sceneOf(place), condition, `the check ${name} of ${idOf(place)}`);
      if (!held.ok) {
        failForGood(place, held.error);
        return;
      }
      checks.push({ name, passed: held.value });
    }
    const failed = checks.filter(({ passed }) => !passed).map(({ name }) => name);
    if (failed.length > 0) turnDown(place, work, failed);
    else complete(place, encodeJson({ passed: true, checks, sentBack: sentBackOf(place, work.sendBack) }));
  },
};

interface Turning {
  readonly sendBack: number;
  readonly times: number;
  readonly report: number;
}

function turnDown(place: Place, { sendBack: task, times, report }: Turning, failed: readonly string[]): void {
  const where = `\`report\` of ${idOf(place)}`;
  const checks: Json = { checks: failed };
  const encodedReport = report < 0 ? encoded(checks, where) : givenWhole(sceneOf(place), report, where);
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
