/** References of tasks: the tasks that they need, and those whose outputs their expressions read. */
import type { NewPart } from "@tutti/contracts/session/v1";
import type { TaskSpec } from "@tutti/contracts/types/v1";
import { bytesOf, dataOfPayload, isDone } from "@tutti/machine-work";
import { remainingBudget } from "../budget/remaining.ts";
import { operationQueued } from "../part/events.ts";
import { isOpen, type PartView, type SessionStep, type SessionView, type TaskView } from "../state.ts";

const mention = /\btasks(?:\.([A-Za-z_]\w*)|\[\s*["']([^"'\]]+)["']\s*\])/g;

/** Returns the ids in the expressions of a task. */
function mentionedIn(spec: TaskView["spec"]): string[] {
  const input = bytesOf(dataOfPayload(spec.input as TaskSpec["input"]));
  const text = Buffer.from(input.buffer, input.byteOffset, input.byteLength)
    .toString("utf8")
    .replaceAll('\\"', '"');
  const texts = [text.includes("tasks") ? text : "", spec.when];
  return texts.flatMap((each) => [...each.matchAll(mention)].map(([, name, quoted]) => name ?? quoted ?? ""));
}

/**
 * Returns the numbers of tasks that these refer to and that are not among them, in order, without duplicates.
 */
function referencedTasks(session: SessionView, tasks: readonly number[]): number[] {
  const own = new Set(tasks);
  const found = new Set<number>();
  for (const number of tasks) {
    const task = session.tasks[number];
    if (task === undefined) continue;
    const ids = [...task.spec.needs.map(({ task: id }) => id), ...mentionedIn(task.spec)];
    for (const id of ids) {
      const other = session.byId.get(id);
      if (other !== undefined && !own.has(other)) found.add(other);
    }
  }
  return [...found];
}

/** Returns a part with these tasks, and with the tasks of other parts that they refer to. */
export function newPart(session: SessionView, fields: Omit<NewPart, "elsewhere" | "budget">): NewPart {
  return { ...fields, budget: remainingBudget(session), elsewhere: referencedTasks(session, fields.tasks) };
}

/** Returns the referenced tasks that a part does not know yet. */
export function unknownTo(session: SessionView, part: PartView, tasks: readonly number[]): number[] {
  return referencedTasks(session, tasks).filter(
    (number) => !part.elsewhere.has(number) && session.tasks[number]?.part !== part.number,
  );
}

/** Brings the outcomes of ended tasks into every part that refers to them and did not execute them. */
export function deliverOutcomes(session: SessionView, step: SessionStep, tasks?: readonly number[]): void {
  for (const part of session.parts) {
    if (!isOpen(part) || part.isOver || part.elsewhere.size === 0) continue;
    const delivered = [...(tasks ?? part.elsewhere)].filter((number) => {
      const task = session.tasks[number];
      return (
        task !== undefined && isDone(task.status) && part.elsewhere.has(number) && !part.broughtIn.has(number)
      );
    });
    if (delivered.length === 0) continue;
    const operation = {
      operation: { $case: "bringIn" as const, value: { tasks: delivered, elsewhere: [] } },
    };
    step.emit(operationQueued, { part: part.number, operation });
  }
}
