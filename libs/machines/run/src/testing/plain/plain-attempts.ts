/** Results of attempts of tasks, and whether further attempts follow. */
import type { CheckDocument, RetryDocument, TaskDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { conditionOf } from "./names.ts";
import { sendBack } from "./plain-gate.ts";
import type { RunModel, TaskProgress } from "./plain-model.ts";
import { questionOf } from "./plain-question.ts";
import { namesOfTask } from "./plain-scene.ts";
import type { PlainTask } from "./plain-task.ts";
import { type Answer, answerOf, failureOf, lostCode, type PlainRule } from "./script.ts";

/** Returns the failure of the last attempt. Undefined if one succeeds. */
export function failureOfAttempts(
  retry: TaskDocument["retry"],
  failureIn: (attempt: number) => { readonly code: string; readonly isFinal: boolean } | undefined,
): { readonly code: string; readonly isExhausted: boolean } | undefined {
  const policy = typeof retry === "number" ? { attempts: retry } : (retry ?? {});
  const { attempts = 1, on, notOn = [] }: RetryDocument = policy;
  for (let attempt = 1; ; attempt++) {
    const failure = failureIn(attempt);
    if (failure === undefined) return undefined;
    const { code, isFinal } = failure;
    if (code === lostCode) return { code, isExhausted: true };
    // Listed codes are always retried. All others are retried except if the agent reports them as final.
    const isRetried = !notOn.includes(code) && (on?.includes(code) ?? !isFinal);
    if (!isRetried || attempt === attempts) return { code, isExhausted: isRetried };
  }
}

/** Returns the result of a task that has started. */
export function resultOfAttempts(run: RunModel, task: PlainTask): TaskProgress {
  const { wait, retry, workflow } = task.document;
  if (wait !== undefined) return { value: null };
  let progress: TaskProgress = { fails: "" };
  const failure = failureOfAttempts(retry, (attempt) => {
    const answer = answerOf(run.script, task.id, attempt, task.visits);
    const failed = failureOf(answer);
    // The error of a child is not compared: the child is checked by itself.
    if (failed !== undefined && workflow !== undefined)
      return { code: "workflow.child_failed", isFinal: false };
    if (failed !== undefined) return failed;
    const { asks = [] } = "fails" in answer || "hangs" in answer || "dies" in answer ? {} : answer;
    // The output of a child is not checked by rules.
    const rules = workflow === undefined ? asks : [];
    progress = check(run, task, outputOf(answer, task.input ?? null), rules);
    return progress === checkFailed ? { code: "workflow.check_failed", isFinal: false } : undefined;
  });
  if (failure === undefined) return progress;
  const isPaused = failure.isExhausted && typeof retry === "object" && retry.exhausted === "pause";
  return isPaused ? "paused" : { fails: failure.code };
}

/** The attempt failed by a check, and another may follow. */
const checkFailed = { fails: "workflow.check_failed" };

/** Runs the checks on an output, in their order. @param rules ask about it after them */
function check(run: RunModel, task: PlainTask, output: Json, rules: readonly PlainRule[]): TaskProgress {
  const approvalChecks: CheckDocument[] = [];
  for (const each of task.document.checks ?? []) {
    const names = namesOfTask(run.facts, task, { output, given: task.input ?? null, error: null });
    const result = conditionOf(each.condition, names);
    if ("fails" in result) return result;
    if (result.value === true) continue;
    if (each.onFailure === "approval") approvalChecks.push(each);
    else return each.onFailure === "sendBack" ? turnDown(run, task, each, output) : checkFailed;
  }
  if (approvalChecks.length > 0) task.question = questionOf(output, undefined, rules);
  else if (rules.length > 0) task.question = questionOf(output, rules[0], rules.slice(1));
  else return { value: output };
  return "asked";
}

function turnDown(
  run: RunModel,
  task: PlainTask,
  { name, sendBackTo, times = 1 }: CheckDocument,
  output: Json,
): TaskProgress {
  const own = sendBackTo === undefined || task.body.tasks.get(sendBackTo)?.document === task.document;
  const target = own ? task : task.body.tasks.get(sendBackTo);
  const isSentBack = target !== undefined && sendBack(run, task, target, times, { check: name, output });
  return isSentBack ? "sent back" : { fails: "workflow.check_failed" };
}

function outputOf(answer: Answer, input: Json): Json {
  return "gives" in answer ? answer.gives : input;
}
