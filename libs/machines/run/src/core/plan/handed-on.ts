/**
 * Tasks whose output is only handed on: each use of it is the whole `with` of a task or of a child. Such an output may
 * stay in the blob store. Every other one is read by the run: by an expression, a check, a compensation, a list.
 *
 * In doubt an output counts as read: then it is taken out of the store when it comes.
 */
import type { Plan, PlanTask, TaskPolicy } from "@tutti/definitions";

/** Numbers of the tasks of a plan whose output is only handed on. */
export function handedOn(plan: Plan): ReadonlySet<number> {
  const found = new Set<number>();
  // The output of the run would be made of the outputs of its tasks.
  const [own] = plan.scopes;
  if (plan.kind !== "tasks" || plan.output < 0 || own === undefined) return found;
  const read = readTasks(plan);
  for (let number = own.first; number < own.first + own.count; number++) {
    const task = plan.tasks[number];
    if (task !== undefined && isProducer(plan, task) && !read.has(number)) found.add(number);
  }
  return found;
}

/** Whether a run of the plan reads its input, and does more than hand it on to tasks as a whole. */
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

/** Neither checks nor a compensation nor a cache read what the task works on and gives. */
function isPlain(policy: TaskPolicy | undefined): boolean {
  return policy?.checks.length === 0 && policy.compensate === null && policy.cache === null;
}

/** Tasks that a program reads otherwise than by handing on what they gave. */
function readTasks(plan: Plan): ReadonlySet<number> {
  const passing = passingPrograms(plan);
  const read = new Set<number>();
  for (const [number, { references }] of plan.programs.entries()) {
    if (passing.has(number)) continue;
    for (const { task, field } of references) if (field === "output" || field === "task") read.add(task);
  }
  return read;
}

/** Programs that are one reference and nothing else, and are used as the input of tasks alone. */
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

/** All numbers under names that have programs, and all of records of programs. */
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
