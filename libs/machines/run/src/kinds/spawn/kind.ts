/**
 * Adds the tasks that a result contains. The task ends when all of them have, with their outputs by id, and
 * their errors if it returns them.
 */
import { checkAddition, tasksOfList } from "@tutti/definitions";
import { isRefusal } from "@tutti/kernel";
import { bounded, detailOfRefusal, encodeJson, truncate, valueBytesMax } from "@tutti/machine-work";
import { complete, failForGood } from "../../core/attempt/outcome.ts";
import { encoded, evaluate } from "../../core/evaluate/evaluate.ts";
import { outputsOfAll } from "../../core/evaluate/outputs.ts";
import { idOf, type Place, sceneOf, type TaskKind } from "../../core/node/task-kind.ts";
import { readPlan } from "../../core/plan/plan-of.ts";
import { spawnStepsMax } from "../../core/state/limits.ts";
import { partRanges, taskIdIn } from "../../core/state/places.ts";
import { runErrors } from "../../errors.ts";
import { addable, taskThere } from "./check.ts";
import { tasksAdded } from "./events.ts";

const problemsMax = 5;
const problemLengthMax = 300;

export const spawn: TaskKind = {
  start(place) {
    const work = place.range.plan.work(place.task);
    if (work.kind !== "spawn") return;
    const result = evaluate(sceneOf(place), work.tasks, `\`spawn\` of ${idOf(place)}`);
    if (!result.ok) {
      failForGood(place, result.error);
      return;
    }
    const listed = tasksOfList(result.value);
    if ("problem" in listed) {
      fail(place, listed.problem);
      return;
    }
    const count = Object.keys(listed.tasks).length;
    if (count > work.max) fail(place, `expected at most ${work.max} tasks, got ${count}`);
    else if (count === 0) complete(place, encodeJson({}));
    else add(place, listed.tasks);
  },

  partsEnded(place) {
    const { run, number } = place;
    const ranges = partRanges(run, run.nodes[number]);
    const work = place.range.plan.work(place.task);
    const returnErrors = work.kind === "spawn" && work.returnErrors === true;
    const failed = returnErrors ? undefined : ranges.find((range) => range.failed >= 0);
    if (failed !== undefined) {
      const error = bounded(run.nodes[failed.failed]?.error);
      const part = taskIdIn(run, failed, failed.failed);
      failForGood(place, { ...error, details: { ...error.details, part } });
      return;
    }
    const output = outputsOfAll(run, ranges, { withErrors: returnErrors });
    if (output.length <= valueBytesMax) {
      complete(place, output);
      return;
    }
    const subject = `the outputs of what ${idOf(place)} has added`;
    const parameters = { subject, bytes: output.length, bytesMax: valueBytesMax };
    failForGood(place, detailOfRefusal(runErrors.valueTooLarge.refusal(parameters)));
  },
};

function add(place: Place, tasks: Parameters<typeof checkAddition>[0]): void {
  const { run, step, number, budget } = place;
  const plan = run.plan?.plan;
  const { definition, problems } = checkAddition(tasks, {
    ...(plan === undefined ? {} : { plan }),
    exists: (id) => taskThere(run, id) !== undefined,
    stepsMax: spawnStepsMax,
  });
  if (definition?.plan === undefined) {
    const texts = problems
      .filter(({ severity }) => severity === "error")
      .slice(0, problemsMax)
      .map(({ path, message }) => truncate(`${path}: ${message}`, problemLengthMax));
    fail(place, texts.join("; "));
    return;
  }
  const result = encoded(definition.plan as never, `the plan of what ${idOf(place)} adds`);
  if (!result.ok) {
    failForGood(place, result.error);
    return;
  }
  const checked = addable(run, readPlan(result.bytes), number, idOf(place));
  if (isRefusal(checked)) {
    failForGood(place, detailOfRefusal(checked));
    return;
  }
  budget.spend(result.bytes.length);
  step.emit(tasksAdded, {
    plan: result.bytes,
    node: number,
    outside: [...checked.outside],
    reason: "",
    addMs: step.nowMs,
    at: [],
  });
}

function fail(place: Place, problem: string): void {
  failForGood(place, detailOfRefusal(runErrors.additionInvalid.refusal({ task: idOf(place), problem })));
}
