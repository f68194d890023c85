/**
 * Tasks whose output is only passed on: each use of it is the whole `with` of a task or of a child. Such an
 * output may stay in the blob store. The run reads every other output: by an expression, a check, a
 * compensation, a list.
 *
 * In doubt an output counts as read: it is loaded from the store when it arrives.
 */
import type { Plan, PlanTask, TaskPolicy } from "@tutti/definitions";

/** Returns the numbers of the tasks of a plan whose output is only passed on. */
export function passThroughTasks(plan: Plan): ReadonlySet<number> {
  const found = new Set<number>();
  // The output of the run would consist of the outputs of its tasks.
  const [own] = plan.scopes;
  if (plan.kind !== "tasks" || plan.output < 0 || own === undefined) return found;
  const read = readTasks(plan);
  for (let number = own.first; number < own.first + own.count; number++) {
    const task = plan.tasks[number];
    if (task !== undefined && isProducer(plan, task) && !read.has(number)) found.add(number);
  }
  return found;
}

/** Returns whether a run of the plan reads its input, beyond passing it on to tasks as a whole. */
export function readsInput(plan: Plan): boolean {
  if (plan.kind !== "tasks") return true;
  const passing = passingPrograms(plan);
  return plan.programs.some(
    ({ references }, number) =>
      !passing.has(number) && references.some(({ name }) => /^input(\.|\[|$)/.test(name)),
  );
}

function isProducer(plan: Plan, task: PlanTask): boolean {
  if (task.kind !== "uses" || task.forEach >= 0) return false;
  return isPlain(plan.policies[task.policy]);
}

/** Returns whether no check, compensation or cache reads the input and output of the task. */
function isPlain(policy: TaskPolicy | undefined): boolean {
  return policy?.checks.length === 0 && policy.compensate === null && policy.cache === null;
}

/** Returns the tasks whose output a program reads, beyond passing it on. */
function readTasks(plan: Plan): ReadonlySet<number> {
  const passing = passingPrograms(plan);
  const read = new Set<number>();
  for (const [number, { references }] of plan.programs.entries()) {
    if (passing.has(number)) continue;
    for (const { task, field } of references) if (field === "output" || field === "task") read.add(task);
  }
  return read;
}

/** Returns the programs that consist of one reference, and are used only as the input of tasks. */
function passingPrograms(plan: Plan): ReadonlySet<number> {
  const { programs, tasks, works, policies, run, entries, states, transitions, output } = plan;
  const others = new Set<number>([output]);
  collect([works, policies, run, entries, states, transitions], others);
  const inputs = new Set<number>();
  for (const task of tasks) {
    const isConsumer = task.kind === "uses" || task.kind === "workflow";
    if (isConsumer && isPlain(plan.policies[task.policy])) inputs.add(task.input);
    else others.add(task.input);
    others.add(task.when).add(task.forEach);
  }
  const passing = [...inputs].filter((number) => {
    const program = programs[number];
    const passed = program?.references[program.passes];
    const isWhole = passed?.field === "output" || passed?.name === "input";
    return isWhole && !others.has(number);
  });
  return new Set(passing);
}

/** Collects all numbers under names that have programs, and all of records of programs. */
function collect(part: unknown, found: Set<number>, name = ""): void {
  if (typeof part === "number") {
    if (isProgram.has(name)) found.add(part);
    return;
  }
  if (typeof part !== "object" || part === null) return;
  const isRecord = name === "set" || name === "labels";
  for (const [key, inner] of Object.entries(part)) collect(inner, found, isRecord ? "program" : key);
}

const isProgram: ReadonlySet<string> = new Set([
  "program",
  "parameters",
  "span",
  "moment",
  "where",
  "within",
  "condition",
  "exclude",
  "title",
  "message",
  "context",
  "report",
  "while",
  "until",
  "initial",
  "output",
  "tasks",
  "key",
  "dueTime",
  "idempotencyKey",
  "stickyKey",
  "contextKey",
  "tags",
  "when",
  "input",
  "validate",
  "reader",
  "call",
  "fail",
  "entry",
  "exit",
]);
