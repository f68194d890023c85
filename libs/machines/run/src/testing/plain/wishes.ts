/** Acts of people that a run needs to continue: no agent performs them. */
import type { Act } from "./moments.ts";
import { filledIn, mayAnswer } from "./plain-question.ts";
import type { PlainRun } from "./plain-run.ts";
import type { PlainTask } from "./plain-task.ts";
import { finishSignal, people, unwantedSignal } from "./signals.ts";

export function wishesOf(plain: PlainRun): Act[] {
  if (plain.phase === "ended") return [];
  if (plain.isPaused) return [{ kind: "resume" }];
  if (plain.phase !== "going") return [];
  const wishes = plain.tasks.flatMap(wishesFor);
  if (plain.states === undefined || wishes.length > 0) return wishes;
  // A run that always has work continues for ever.
  const isBusy = plain.work.signals.filter(({ name }) => name === finishSignal).length > wishesMax;
  return isBusy ? [{ kind: "terminate" }] : [{ kind: "signal", signal: finishSignal, payload: null }];
}

const wishesMax = 3;

function wishesFor(task: PlainTask): Act[] {
  const { id: taskId, status, question, document } = task;
  if (status === "paused") {
    if (task.visits < 2) return [{ kind: "resume", taskIds: [taskId] }];
    return [{ kind: "repair", taskId, repair: { output: "mended" } }];
  }
  if (status !== "at work") return [];
  if (question?.isOpen === true) {
    const who = people.find((one) => mayAnswer(task, one) && !question.yes.has(one));
    if (who === undefined) return [];
    const isAskedFor = filledIn(document, null) === undefined;
    return [{ kind: "decide", taskId, who, says: "yes", ...(isAskedFor && { data: { n: 2 } }) }];
  }
  const { wait } = document;
  const isList = document.forEach !== undefined && task.entry === undefined;
  if (isList || typeof wait !== "object" || wait.signal === undefined || wait.within !== undefined) return [];
  return [{ kind: "signal", signal: wait.signal, payload: { n: wait.where === unwantedSignal ? 3 : 2 } }];
}
