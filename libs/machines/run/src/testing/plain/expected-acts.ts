/** Acts of people that a run needs to continue: no agent performs them. */
import type { Act } from "./moments.ts";
import { filledIn, mayAnswer } from "./plain-question.ts";
import type { PlainRun } from "./plain-run.ts";
import type { PlainTask } from "./plain-task.ts";
import { finishSignal, people, rejectedSignal } from "./signals.ts";

export function expectedActsOf(plain: PlainRun): Act[] {
  if (plain.phase === "ended") return [];
  if (plain.isPaused) return [{ kind: "resume" }];
  if (plain.phase !== "going") return [];
  const acts = plain.tasks.flatMap(actsFor);
  if (plain.states === undefined || acts.length > 0) return acts;
  // A run that always has work continues for ever.
  const isBusy = plain.work.signals.filter(({ name }) => name === finishSignal).length > actsMax;
  return isBusy ? [{ kind: "terminate" }] : [{ kind: "signal", signal: finishSignal, payload: null }];
}

const actsMax = 3;

function actsFor(task: PlainTask): Act[] {
  const { id: taskId, status, question, document } = task;
  if (status === "paused") {
    if (task.visits < 2) return [{ kind: "resume", taskIds: [taskId] }];
    return [{ kind: "repair", taskId, repair: { output: "mended" } }];
  }
  if (status !== "running") return [];
  if (question?.isOpen === true) {
    const person = people.find(
      (candidate) => mayAnswer(task, candidate) && !question.approvers.has(candidate),
    );
    if (person === undefined) return [];
    const needsForm = filledIn(document, null) === undefined;
    return [{ kind: "decide", taskId, person, verdict: "yes", ...(needsForm && { data: { n: 2 } }) }];
  }
  const { wait } = document;
  const isList = document.forEach !== undefined && task.entry === undefined;
  if (isList || typeof wait !== "object" || wait.signal === undefined || wait.within !== undefined) return [];
  return [{ kind: "signal", signal: wait.signal, payload: { n: wait.where === rejectedSignal ? 3 : 2 } }];
}
