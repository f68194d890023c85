/** Names that expressions see, by their place. */
import type { Json } from "@tutti/expressions";
import type { Names } from "./names.ts";
import { isGood, type PlainBody, type PlainTask } from "./plain-task.ts";

/** Names that all expressions of a run see. */
export interface PlainFacts {
  readonly input: Json;
  readonly incarnation: number;
  vars: Readonly<Record<string, Json>>;
  /** Event that caused the current state. Undefined in a run without states. */
  event: Json | undefined;
  /** Returns a task of the run by its id. */
  task(id: string): PlainTask | undefined;
}

/** The names that a task sees: its entry, its feedback, and the names of its body. */
export function namesOfTask(
  facts: PlainFacts,
  task: PlainTask,
  more: Readonly<Record<string, Json>> = {},
): Names {
  const around = namesInBody(facts, task.body);
  return (name) => {
    const { entry } = task;
    if (name in more) return more[name];
    if (name === "item" && entry !== undefined) return entry.item;
    if (name === "index" && entry !== undefined) return entry.index;
    if (name === "feedback") return feedbackOf(task);
    return around(name);
  };
}

/** Returns the names that all tasks of a body see: each other, their round, and the enclosing scopes. */
export function namesInBody(facts: PlainFacts, { tasks, owner, round, event }: PlainBody): Names {
  return (name) => {
    const [, id = "", field = ""] = /^tasks\.(\w+)\.(\w+)$/.exec(name) ?? [];
    const task = tasks.get(id);
    if (task !== undefined) return fieldOf(task, field);
    if (round !== undefined && name === "round.number") return round.number;
    if (round !== undefined && name === "round.last") return round.last;
    if (name === "event" && event !== undefined) return event;
    if (owner !== undefined) return namesOfTask(facts, owner)(name);
    return namesOfRun(facts)(name);
  };
}

export function namesOfRun(facts: PlainFacts, more: Readonly<Record<string, Json>> = {}): Names {
  return (name) => {
    if (name in more) return more[name];
    if (name === "input") return facts.input;
    if (name === "vars") return facts.vars as Json;
    if (name === "event") return facts.event;
    if (name === "run") return { incarnation: facts.incarnation };
    // Added tasks may read any task of the run.
    const [, id = "", field = ""] = /^tasks\.(\w+)\.(\w+)$/.exec(name) ?? [];
    const task = id === "" ? undefined : facts.task(id);
    return task === undefined ? undefined : fieldOf(task, field);
  };
}

/** Returns the report of the task or of the nearest owner with one. */
function feedbackOf({ feedback, entry, body }: PlainTask): Json {
  if (feedback !== null) return feedback;
  const around = entry?.list ?? body.owner;
  return around === undefined ? null : feedbackOf(around);
}

/** Returns a field of a task. An incomplete task has no output. */
function fieldOf(task: PlainTask, field: string): Json | undefined {
  if (field === "output") return isGood(task) ? task.output : undefined;
  return field === "status" ? task.status : task.status === "failed" ? { code: task.error } : null;
}
