import { listOf, objectOf, type Type, typeOfSchema, types } from "@tutti/expressions";
import type { RetrySettings } from "@tutti/kernel";
import type { Catalogue } from "../check/catalogue.ts";
import { approvalType, Environment, gateType, TaskNames } from "../check/environment.ts";
import type { Steps } from "../check/steps.ts";
import type { TaskDocument } from "../language/document.ts";
import { limits } from "../limits.ts";
import type { PlanScope } from "../plan/plan.ts";
import { type Programmed, ProgramTable } from "../plan/program-table.ts";
import type { Findings, Path } from "../problem.ts";
import { kindOf } from "./options.ts";
import { splitAt } from "./values.ts";

/** A task with a number, whose content is built later. */
export interface Draft {
  readonly number: number;
  readonly id: string;
  readonly document: TaskDocument;
  readonly path: Path;
  readonly scope: number;
  /** Scope of the rounds, for a loop. */
  body: number;
  forEach: Programmed | undefined;
  environment: Environment | undefined;
  /** Undefined until the first use. `dyn` while it is being determined. */
  output: Type | undefined;
  /** Conditions by numbers of the needed tasks. */
  readonly needs: Map<number, number>;
  /** Needs without `on`. */
  readonly unstated: Set<number>;
  /** Needs that were not declared: from references of expressions. */
  readonly implied: Set<number>;
}

interface ScopeDraft {
  readonly names: TaskNames;
  readonly first: number;
  readonly count: number;
  /** Names of the enclosing scope. Absent inside a loop, where they are those of the loop. */
  readonly base: Environment | undefined;
  environment: Environment | undefined;
}

/** Maximum depth of output types that depend on each other. Deeper ones are `dyn`. */
const typeDepthMax = 40;

/**
 * Intermediate state of a build: numbered tasks, and the names that expressions see at each. Types of outputs are
 * determined when an expression needs them, so the order of tasks does not matter.
 */
export class Building {
  readonly findings: Findings;
  readonly steps: Steps;
  readonly catalogue: Catalogue | undefined;
  readonly programs: ProgramTable;
  readonly drafts: Draft[] = [];
  readonly signalTypes: ReadonlyMap<string, Type>;
  readonly retryOf: (pool: string | undefined) => RetrySettings;
  readonly #scopes: ScopeDraft[] = [];
  readonly #standIns = new Map<string, number>();
  readonly #outside: ((id: string) => number | undefined) | undefined;
  #typeDepth = 0;

  constructor(options: {
    readonly findings: Findings;
    readonly steps: Steps;
    readonly catalogue: Catalogue | undefined;
    readonly signalTypes: ReadonlyMap<string, Type>;
    /** Returns whether a task exists already, for tasks that are added to a run. */
    readonly exists: ((id: string) => boolean) | undefined;
    /** Whether texts are data, not expressions. */
    readonly literal: boolean | undefined;
    /** Retry defaults of the tasks of a pool, if they differ from those of the platform. */
    readonly retryOf: (pool: string | undefined) => RetrySettings;
  }) {
    this.findings = options.findings;
    this.steps = options.steps;
    this.catalogue = options.catalogue;
    this.signalTypes = options.signalTypes;
    this.retryOf = options.retryOf;
    this.programs = new ProgramTable(this.findings, this.steps, options.literal);
    const { exists } = options;
    this.#outside = exists === undefined ? undefined : (id) => this.#standIn(id, exists);
  }

  get scopes(): readonly PlanScope[] {
    return this.#scopes.map(({ names, first, count }) => {
      let roots = 0;
      for (let number = first; number < first + count; number++)
        if (this.drafts[number]?.needs.size === 0) roots += 1;
      return { owner: names.owner, first, count, roots };
    });
  }

  /** Numbers the tasks of a scope, followed by those of its loops. */
  declare(
    tasks: readonly (readonly [id: string, document: TaskDocument, path: Path])[],
    place: {
      readonly owner: number;
      readonly outer: TaskNames | undefined;
      readonly base: Environment | undefined;
    },
  ): number {
    const scope = this.#scopes.length;
    const first = this.drafts.length;
    const numbers = new Map(tasks.map(([id], index) => [id, first + index]));
    const { owner, outer, base } = place;
    const names = new TaskNames(
      { scope, owner, outer },
      numbers,
      outer === undefined ? this.#outside : undefined,
    );
    this.#scopes.push({ names, first, count: tasks.length, base, environment: undefined });
    for (const [id, document, path] of tasks) {
      this.steps.charge(1);
      this.#draft(id, document, path, scope);
    }
    if (this.drafts.length > limits.tasksMax) {
      this.findings.error("too_large", [], `expected at most ${limits.tasksMax} tasks, got more`);
      return scope;
    }
    for (let number = first; number < first + tasks.length; number++)
      this.#declareBody(this.drafts[number], names);
    return scope;
  }

  #draft(id: string, document: TaskDocument, path: Path, scope: number): number {
    const number = this.drafts.length;
    const open = { forEach: undefined, environment: undefined, output: undefined };
    this.drafts.push({
      number,
      id,
      document,
      path,
      scope,
      body: -1,
      ...open,
      needs: new Map(),
      unstated: new Set(),
      implied: new Set(),
    });
    return number;
  }

  /** Returns the number of the stand-in for an existing task. Undefined if there is none. */
  #standIn(id: string, exists: (id: string) => boolean): number | undefined {
    const known = this.#standIns.get(id);
    if (known !== undefined) return known;
    if (!exists(id)) return undefined;
    const number = this.#draft(id, {}, [], -1);
    this.#standIns.set(id, number);
    return number;
  }

  /** Ids of existing tasks that are needed. Their stand-ins have the last numbers. */
  get standIns(): readonly string[] {
    return [...this.#standIns.keys()];
  }

  #declareBody(draft: Draft | undefined, names: TaskNames): void {
    const loop = draft?.document.loop;
    if (draft === undefined || loop === undefined) return;
    const inner = Object.entries(loop.tasks ?? {}).map(
      ([id, document]) => [id, document, [...draft.path, "loop", "tasks", id]] as const,
    );
    draft.body = this.declare(inner, { owner: draft.number, outer: names, base: undefined });
  }

  /** Returns the number of the first task of a scope. */
  firstOf(scope: number): number {
    return this.#scopes[scope]?.first ?? -1;
  }

  namesOf(scope: number): TaskNames {
    const names = this.#scopes[scope]?.names;
    return names ?? new TaskNames({ scope, owner: -1, outer: undefined }, new Map());
  }

  /** Returns the names that expressions see in a scope, without the names that a task adds. */
  environmentOfScope(scope: number): Environment {
    const found = this.#scopes[scope];
    const names = this.namesOf(scope);
    if (found === undefined) return this.#nowhere(names);
    if (found.environment !== undefined) return found.environment;
    const owner = this.drafts[names.owner];
    let environment = found.base?.inside(names);
    if (environment === undefined && owner !== undefined)
      environment = this.environmentOf(owner)
        .inside(names)
        .with({ round: objectOf({ number: types.int, last: types.dyn }) });
    found.environment = (environment ?? this.#nowhere(names)).with({ feedback: types.dyn });
    return found.environment;
  }

  #nowhere(names: TaskNames): Environment {
    return new Environment(new Map(), names, this);
  }

  /** Returns the names that expressions of a task see. */
  environmentOf(draft: Draft): Environment {
    if (draft.environment !== undefined) return draft.environment;
    const around = this.environmentOfScope(draft.scope);
    const { forEach } = draft.document;
    if (forEach === undefined) {
      draft.environment = around;
      return around;
    }
    draft.forEach = this.programs.condition(forEach, around, [...draft.path, "forEach"], listOf(types.dyn));
    const { type } = draft.forEach;
    const item = type.kind === "list" ? type.of : types.dyn;
    draft.environment = around.with({ item, index: types.int });
    return draft.environment;
  }

  /** Returns the type of the output of a task. */
  readonly outputTypeOf = (number: number): Type => {
    const draft = this.drafts[number];
    if (draft === undefined) return types.dyn;
    if (draft.output !== undefined) return draft.output;
    if (this.#typeDepth >= typeDepthMax) return types.dyn;
    draft.output = types.dyn;
    this.#typeDepth += 1;
    const single = this.#typeOfSingle(draft);
    this.#typeDepth -= 1;
    draft.output = draft.document.forEach === undefined ? single : listOf(single);
    return draft.output;
  };

  #typeOfSingle(draft: Draft): Type {
    const { document, path } = draft;
    switch (kindOf(document)) {
      case "uses": {
        if (document.among !== undefined) return types.dyn;
        const schema = this.catalogue?.capability(...splitAt(document.uses ?? ""))?.outputSchema;
        return schema === undefined ? types.dyn : typeOfSchema(schema);
      }
      case "workflow":
      case "mission": {
        const schema = this.catalogue?.definition(
          ...splitAt(document.workflow ?? document.mission ?? ""),
        )?.outputSchema;
        return schema === undefined ? types.dyn : typeOfSchema(schema);
      }
      case "wait": {
        const signal = typeof document.wait === "object" ? document.wait.signal : undefined;
        return signal === undefined ? types.dyn : (this.signalTypes.get(signal) ?? types.dyn);
      }
      case "approve":
        return approvalType(
          document.approve?.form === undefined ? types.dyn : typeOfSchema(document.approve.form),
        );
      case "gate":
        return gateType;
      case "set":
        return this.programs.data(document.set ?? null, this.environmentOf(draft), [...path, "set"]).type;
      case "loop": {
        const output = document.loop?.output;
        if (output === undefined || draft.body < 0) return types.dyn;
        return this.programs.data(output, this.environmentOfScope(draft.body), [...path, "loop", "output"])
          .type;
      }
      default:
        return types.dyn;
    }
  }
}
