/**
 * Pairs of tasks in two versions of a definition: by mapping, by id, or as the only one that does the same
 * work. Pairs follow from the two plans alone, and are cached for further runs.
 */
import type { Plan, PlanTask } from "@tutti/definitions";
import type { RunPlan } from "../../core/plan/run-plan.ts";

export interface Pairs {
  /** By number of a task, its number in the other plan; -1 for none. */
  readonly tasks: readonly number[];
  readonly scopes: readonly number[];
  readonly states: readonly number[];
  /** Ids as they appear in a mapping: `ship`, `poll.fetch`, `refused/notify`. */
  readonly ids: readonly string[];
  /** Tasks that the mapping drops. */
  readonly dropped: ReadonlySet<number>;
  /** Paired tasks whose content differs in the other plan. */
  readonly changed: ReadonlySet<number>;
  readonly droppedStates: ReadonlySet<number>;
  /** Entries of the mapping without a match, with the reason. */
  readonly unknown: ReadonlyMap<string, string>;
  /** Whether runs behave the same in both. */
  readonly isSame: boolean;
}

export type Mapping = Readonly<Record<string, string>>;

interface Known {
  readonly to: RunPlan;
  readonly map: string;
  readonly pairs: Pairs;
}

/** Latest pairs by the old plan. */
const known = new WeakMap<RunPlan, Known>();

export function pairsOf(from: RunPlan, to: RunPlan, mapping: Mapping): Pairs {
  const map = JSON.stringify(Object.entries(mapping).sort());
  const before = known.get(from);
  if (before?.to === to && before.map === map) return before.pairs;
  const pairs = new Pairing(from.plan, to.plan, mapping).pairs();
  known.set(from, { to, map, pairs });
  return pairs;
}

class Pairing {
  readonly #from: Plan;
  readonly #to: Plan;
  readonly #mapping: Mapping;
  readonly #tasks: number[];
  readonly #scopes: number[];
  readonly #states: number[];
  readonly #ids: string[];
  readonly #dropped = new Set<number>();
  readonly #droppedStates = new Set<number>();
  /** Entries of the mapping that have not been used. */
  readonly #unused: Set<string>;
  readonly #unknown = new Map<string, string>();

  constructor(from: Plan, to: Plan, mapping: Mapping) {
    this.#from = from;
    this.#to = to;
    this.#mapping = mapping;
    this.#tasks = from.tasks.map(() => -1);
    this.#scopes = from.scopes.map(() => -1);
    this.#states = from.states.map(() => -1);
    this.#ids = from.tasks.map(({ id }) => id);
    this.#unused = new Set(Object.keys(mapping));
  }

  pairs(): Pairs {
    const isSame = this.#unused.size === 0 && essence(this.#from) === essence(this.#to);
    if (this.#from.kind === this.#to.kind)
      if (this.#from.kind === "tasks") this.#pairScopes(0, 0, "");
      else this.#pairStates();
    for (const id of this.#unused)
      this.#unknown.set(id, `the run's version has no \`${id}\`: name a task or state of it`);
    const changed = new Set<number>();
    for (const [task, other] of this.#tasks.entries())
      if (other >= 0 && contentOf(this.#from, task) !== contentOf(this.#to, other)) changed.add(task);
    return {
      tasks: this.#tasks,
      scopes: this.#scopes,
      states: this.#states,
      ids: this.#ids,
      changed,
      isSame,
      dropped: this.#dropped,
      droppedStates: this.#droppedStates,
      unknown: this.#unknown,
    };
  }

  #pairStates(): void {
    const numbers = new Map(this.#to.states.map(({ name }, number) => [name, number]));
    for (const [number, state] of this.#from.states.entries()) {
      const mapped = this.#mappedTo(state.name);
      if (mapped === "") {
        this.#droppedStates.add(number);
        continue;
      }
      const other = numbers.get(mapped ?? state.name);
      if (other === undefined) {
        if (mapped !== undefined) this.#unknown.set(state.name, `the version has no state \`${mapped}\``);
        continue;
      }
      this.#states[number] = other;
      this.#pairScopesOfState(number, other, state.name);
    }
  }

  /** Pairs the actions on entry, on exit, in the state and on its transitions. */
  #pairScopesOfState(number: number, other: number, name: string): void {
    const one = scopesOfState(this.#from, number);
    const two = scopesOfState(this.#to, other);
    for (const [role, scope] of one) {
      const next = two.get(role);
      if (next !== undefined) this.#pairScopes(scope, next, `${name}/`);
    }
  }

  #pairScopes(scope: number, other: number, prefix: string): void {
    this.#scopes[scope] = other;
    const candidates = new Set(tasksOf(this.#to, other));
    const open: number[] = [];
    for (const task of tasksOf(this.#from, scope)) {
      const id = `${prefix}${this.#from.tasks[task]?.id}`;
      this.#ids[task] = id;
      const mapped = this.#mappedTo(id);
      if (mapped === "") {
        this.#dropped.add(task);
        continue;
      }
      const found = taskNamed(this.#to, candidates, mapped ?? this.#from.tasks[task]?.id ?? "");
      if (found !== undefined) this.#pair(task, found, candidates, id);
      else if (mapped === undefined) open.push(task);
      else this.#unknown.set(id, `the version has no task \`${mapped}\` there that is still unpaired`);
    }
    this.#pairByShape(open, candidates);
  }

  /** Pairs renamed tasks: each matches exactly one other task with the same work that has no partner yet. */
  #pairByShape(open: readonly number[], candidates: Set<number>): void {
    const shapes = new Map<string, number[]>();
    for (const task of candidates) {
      const shape = shapeOf(this.#to, task);
      shapes.set(shape, [...(shapes.get(shape) ?? []), task]);
    }
    const own = open.map((task) => shapeOf(this.#from, task));
    for (const [place, task] of open.entries()) {
      const shape = own[place] ?? "";
      const [other, another] = shapes.get(shape) ?? [];
      const isOnly = own.indexOf(shape) === own.lastIndexOf(shape);
      if (other !== undefined && another === undefined && isOnly)
        this.#pair(task, other, candidates, this.#ids[task] ?? "");
    }
  }

  #pair(task: number, other: number, candidates: Set<number>, id: string): void {
    this.#tasks[task] = other;
    candidates.delete(other);
    const one = loopScope(this.#from, task);
    const two = loopScope(this.#to, other);
    if (one >= 0 && two >= 0) this.#pairScopes(one, two, `${id}.`);
  }

  #mappedTo(id: string): string | undefined {
    if (!this.#unused.delete(id)) return undefined;
    return this.#mapping[id];
  }
}

function tasksOf({ scopes }: Plan, scope: number): number[] {
  const { first = 0, count = 0 } = scopes[scope] ?? {};
  return Array.from({ length: count }, (_, place) => first + place);
}

function taskNamed({ tasks }: Plan, among: ReadonlySet<number>, id: string): number | undefined {
  for (const task of among) if (tasks[task]?.id === id) return task;
  return undefined;
}

function loopScope({ tasks, works }: Plan, task: number): number {
  const work = works[tasks[task]?.work ?? -1];
  return work?.kind === "loop" ? work.scope : -1;
}

function scopesOfState(plan: Plan, number: number): Map<string, number> {
  const found = new Map<string, number>();
  const state = plan.states[number];
  if (state === undefined) return found;
  found.set("entry", state.entry).set("exit", state.exit);
  const task = plan.tasks[state.run];
  if (task !== undefined) found.set("run", task.scope);
  const groups: [string, readonly number[]][] = [
    ["done", state.onDone],
    ["failed", state.onFailed],
    ["always", state.always],
    ...state.on.map(({ signal, transitions }): [string, readonly number[]] => [`on ${signal}`, transitions]),
    ...state.after.map(({ transitions }, place): [string, readonly number[]] => [
      `after ${place}`,
      transitions,
    ]),
  ];
  for (const [group, transitions] of groups)
    for (const [place, transition] of transitions.entries())
      found.set(`${group} ${place}`, plan.transitions[transition]?.do ?? -1);
  for (const [role, scope] of found) if (scope < 0) found.delete(role);
  return found;
}

/** Returns the behaviour of a plan: without the parts that are only displayed. */
function essence(plan: Plan): string {
  const displayOnly = new Set(["description", "title", "labels"]);
  return JSON.stringify({ ...plan, labels: {}, description: "" }, (key, value) =>
    displayOnly.has(key) && typeof value === "string" ? "" : value,
  );
}

/** Returns the work and input of a task: enough to recognize a task with another name. */
function shapeOf(plan: Plan, number: number): string {
  const task = plan.tasks[number] as PlanTask;
  return JSON.stringify([task.kind, resolved(plan, plan.works[task.work]), sourceOf(plan, task.input)]);
}

/** Returns the whole content of a task, with its numbers resolved. */
function contentOf(plan: Plan, number: number): string {
  const task = plan.tasks[number] as PlanTask;
  const { id: _, title: __, scope: ___, work, policy, input, when, forEach, ...rest } = task;
  const programs = [input, when, forEach].map((program) => sourceOf(plan, program));
  return JSON.stringify([
    rest,
    programs,
    resolved(plan, plan.works[work]),
    resolved(plan, plan.policies[policy]),
  ]);
}

/** Members that are numbers of programs. */
const programMembers: ReadonlySet<string> = new Set([
  "span",
  "moment",
  "where",
  "within",
  "condition",
  "title",
  "message",
  "context",
  "report",
  "while",
  "until",
  "initial",
  "output",
  "tasks",
  "parameters",
  "key",
  "dueTime",
  "idempotencyKey",
  "stickyKey",
  "contextKey",
  "input",
]);
/** Members that are numbers of tasks and scopes: they differ between plans even if they refer to the same. */
const placeMembers: ReadonlySet<string> = new Set([
  "scope",
  "sendBack",
  "sendBackTo",
  "sameAgentAs",
  "notAgentOf",
]);

function resolved(plan: Plan, value: unknown): unknown {
  const text = JSON.stringify(value ?? null, (key, member) => {
    if (placeMembers.has(key)) return undefined;
    return typeof member === "number" && programMembers.has(key) ? sourceOf(plan, member) : member;
  });
  return JSON.parse(text);
}

function sourceOf({ programs }: Plan, program: number): unknown {
  return programs[program]?.source ?? null;
}
