import { listOf, mapOf, nullable, objectOf, type Scope, type Type, types } from "@tutti/expressions";
import type { Findings } from "../problem.ts";

/** Names of tasks that are visible from a place: those of its own scope and of the enclosing ones. */
export class TaskNames {
  readonly scope: number;
  /** Task that the scope belongs to; -1 for none. */
  readonly owner: number;
  readonly outer: TaskNames | undefined;
  readonly numbers: ReadonlyMap<string, number>;
  /** Existing tasks, for tasks that are added to a run: assigns numbers on the first use. */
  readonly #outside: ((id: string) => number | undefined) | undefined;

  constructor(
    place: { readonly scope: number; readonly owner: number; readonly outer: TaskNames | undefined },
    numbers: ReadonlyMap<string, number>,
    outside?: (id: string) => number | undefined,
  ) {
    this.scope = place.scope;
    this.owner = place.owner;
    this.outer = place.outer;
    this.numbers = numbers;
    this.#outside = outside;
  }

  /** Returns a task that tasks of this scope may need. */
  sibling(id: string): number | undefined {
    return this.numbers.get(id) ?? this.#outside?.(id);
  }

  find(id: string): number | undefined {
    return this.sibling(id) ?? this.outer?.find(id);
  }

  *ids(): Generator<string> {
    yield* this.numbers.keys();
    if (this.outer !== undefined) yield* this.outer.ids();
  }
}

const taskPrefix = "tasks.";
const taskFields = ["output", "status", "error"] as const;
type TaskField = (typeof taskFields)[number];

/** Returns the task and the field that `tasks.ship.output` refers to. Names of tasks may have dots. */
export function taskNamed(
  name: string,
  isTask: (id: string) => boolean,
): { readonly id: string; readonly field: TaskField | undefined } {
  const rest = name.slice(taskPrefix.length);
  const dot = rest.lastIndexOf(".");
  const field = taskFields.find((known) => known === rest.slice(dot + 1));
  const id = rest.slice(0, Math.max(0, dot));
  return field !== undefined && isTask(id) ? { id, field } : { id: rest, field: undefined };
}

/** Data that all environments of a definition share. */
export interface Known {
  /** Returns the type of the output of a task by its number. */
  readonly outputTypeOf: (task: number) => Type;
  readonly findings: Findings;
}

const errorType: Type = objectOf(
  { code: types.string, message: types.string, details: mapOf(types.string, types.string) },
  types.dyn,
);

/** Names that an expression at a certain place can see. */
export class Environment implements Scope {
  readonly tasks: TaskNames;
  readonly #names: ReadonlyMap<string, Type>;
  readonly #known: Known;

  constructor(names: ReadonlyMap<string, Type>, tasks: TaskNames, known: Known) {
    this.#names = names;
    this.tasks = tasks;
    this.#known = known;
  }

  /** Returns the environment with more names. */
  with(names: Readonly<Record<string, Type>>): Environment {
    return new Environment(new Map([...this.#names, ...Object.entries(names)]), this.tasks, this.#known);
  }

  /** Returns the environment with the task names of another scope. */
  inside(tasks: TaskNames): Environment {
    return new Environment(this.#names, tasks, this.#known);
  }

  typeOf(name: string): Type | undefined {
    if (!name.startsWith(taskPrefix)) return this.#names.get(name);
    const { id, field } = taskNamed(name, (known) => this.tasks.find(known) !== undefined);
    const task = this.tasks.find(id);
    return task === undefined ? undefined : this.#ofTask(task, field);
  }

  #ofTask(task: number, field: TaskField | undefined): Type {
    switch (field) {
      case undefined:
        return objectOf({
          output: this.#known.outputTypeOf(task),
          status: types.string,
          error: nullable(errorType),
        });
      case "output":
        return this.#known.outputTypeOf(task);
      case "status":
        return types.string;
      case "error":
        return nullable(errorType);
    }
  }

  *names(): Generator<string> {
    yield* this.#names.keys();
    for (const id of this.#known.findings.counted(this.tasks.ids())) yield `tasks.${id}.output`;
  }
}

/** Names that every expression of a run sees. */
export function namesOfRun(declared: {
  readonly input: Type;
  readonly vars: Type;
  readonly parameters: Type | undefined;
}): Map<string, Type> {
  const names = new Map<string, Type>([
    ["input", declared.input],
    ["vars", declared.vars],
    [
      "run",
      objectOf({
        id: types.string,
        namespace: types.string,
        definition: types.string,
        incarnation: types.int,
        startTime: types.string,
        labels: mapOf(types.string, types.string),
      }),
    ],
  ]);
  if (declared.parameters !== undefined) names.set("parameters", declared.parameters);
  return names;
}

/** Types of outcomes in handlers and transitions. */
export const failureType: Type = errorType;
export const approvalType = (form: Type): Type =>
  objectOf({ verdict: types.string, by: listOf(types.string), comment: types.string, data: form });
/** Type of the output of a gate. `sentBack` counts how often the gate has sent work back. */
export const gateType: Type = objectOf({
  passed: types.bool,
  checks: listOf(objectOf({ name: types.string, passed: types.bool })),
  sentBack: types.int,
});
