import { type Json, objectOf, type Type, typeOfSchema, types } from "@tutti/expressions";
import { type ConfiguredRetry, retryOfPool } from "@tutti/kernel";
import type { Catalogue } from "../check/catalogue.ts";
import { Environment, namesOfRun, TaskNames } from "../check/environment.ts";
import type { Steps } from "../check/steps.ts";
import type { TaskDocument, WorkflowDocument } from "../language/document.ts";
import { canonical } from "../plan/canonical.ts";
import type { ObjectPolicy, Plan, PlanEntry, PlanTask } from "../plan/plan.ts";
import type { Findings } from "../problem.ts";
import { Building } from "./building.ts";
import { checkGangs } from "./gangs.ts";
import { Graph } from "./graph.ts";
import { warnOfSkippedReads } from "./skipped-reads.ts";
import { StatesBuilder } from "./states-builder.ts";
import { TaskBuilder } from "./task-builder.ts";
import { durationMs, retrySettings, sorted } from "./values.ts";

export interface BuildRequest {
  readonly document: WorkflowDocument;
  readonly findings: Findings;
  readonly steps: Steps;
  readonly catalogue: Catalogue | undefined;
  /** Returns whether a task exists already, for tasks that are added to a run. */
  readonly exists?: ((id: string) => boolean) | undefined;
  /** Whether texts are data, not expressions. */
  readonly literal?: boolean | undefined;
  /** Retry defaults of the namespace. Those of the definition take precedence. */
  readonly retry?: ConfiguredRetry | undefined;
}

/** Builds the plan of a document with a valid shape, and reports semantic problems. */
export function buildPlan(request: BuildRequest): Plan {
  return new DefinitionBuilder(request).build();
}

class DefinitionBuilder {
  readonly #document: WorkflowDocument;
  readonly #findings: Findings;
  readonly #building: Building;
  readonly #base: Environment;
  readonly #vars: ReadonlyMap<string, Type>;

  constructor({ document, findings, steps, catalogue, exists, literal, retry }: BuildRequest) {
    this.#document = document;
    this.#findings = findings;
    const signals = Object.entries(document.signals ?? {}).map(
      ([name, { schema }]) => [name, schemaType(schema)] as const,
    );
    this.#building = new Building({
      findings,
      steps,
      catalogue,
      signalTypes: new Map(signals),
      exists,
      literal,
      retryOf: (pool = document.pool ?? "") => ({
        ...retryOfPool(retry, pool),
        ...retrySettings(document.defaults?.retry),
      }),
    });
    this.#vars = new Map(
      Object.entries(document.vars ?? {}).map(([name, value]) => [name, typeOfConstant(value)]),
    );
    const names = namesOfRun({
      input: schemaType(document.input?.schema),
      vars: { kind: "object", fields: this.#vars, others: undefined },
      parameters: document.parameters === undefined ? undefined : schemaType(document.parameters.schema),
    });
    this.#base = new Environment(
      names,
      new TaskNames({ scope: -1, owner: -1, outer: undefined }, new Map()),
      this.#building,
    );
  }

  build(): Plan {
    const document = this.#document;
    const building = this.#building;
    const rootTasks = Object.entries(document.tasks ?? {}).map(
      ([id, task]) => [id, task as TaskDocument, ["tasks", id]] as const,
    );
    const root = building.declare(rootTasks, { owner: -1, outer: undefined, base: this.#base });
    const states = this.#states();
    const builder = new TaskBuilder(building);
    // Stand-ins are added while tasks are built, and are not built themselves.
    const own = building.drafts.slice();
    const tasks = own.map((draft) => builder.build(draft));
    const graph = new Graph(building);
    graph.check(tasks);
    checkGangs(building);
    warnOfSkippedReads({ building, tasks, order: graph.order, root, output: document.output });
    const outside = building.environmentOfScope(root);
    const { programs } = building;
    const output =
      document.output === undefined ? -1 : programs.data(document.output, outside, ["output"]).program;
    const entries = this.#entries(states, outside);
    const run = this.#run(builder, outside);
    return {
      format: 1,
      name: document.workflow ?? "",
      kind: document.states === undefined ? "tasks" : "states",
      description: document.description ?? "",
      labels: sorted(document.labels ?? {}),
      inputSchema: canonical(document.input?.schema ?? null),
      outputSchema: canonical(document.outputSchema ?? null),
      parameters: canonical(document.parameters?.values ?? null),
      vars: sorted(
        Object.fromEntries(
          Object.entries(document.vars ?? {}).map(([name, value]) => [name, canonical(value)]),
        ),
      ),
      entries,
      run,
      output,
      scopes: building.scopes,
      tasks: [
        ...tasks.map(
          (task, number): PlanTask => ({ ...task, needs: building.drafts[number]?.needs.size ?? 0 }),
        ),
        ...building.standIns.map(standIn),
      ],
      outside: building.standIns,
      edges: graph.edges,
      works: builder.works,
      policies: builder.policies,
      programs: programs.programs,
      types: programs.types,
      states: states.states,
      transitions: states.transitions,
      initial: this.#initial(states),
    };
  }

  #states(): StatesBuilder {
    const documents = Object.entries(this.#document.states ?? {});
    const names = documents.map(([name]) => name);
    const builder = new StatesBuilder(this.#building, this.#base, this.#vars, names);
    for (const [name, state] of documents) builder.build(name, state);
    return builder;
  }

  #initial(states: StatesBuilder): number {
    const { initial, states: documents } = this.#document;
    if (documents === undefined) {
      if (initial !== undefined)
        this.#findings.error("conflicting_keys", ["initial"], "`initial` has no effect without `states`", {
          key: true,
        });
      return -1;
    }
    if (initial === undefined) {
      this.#findings.error(
        "missing_key",
        [],
        "expected `initial`, the state in which a run starts, got none",
        { key: true, expected: "`initial`" },
      );
      return -1;
    }
    const number = states.stateNumber(initial, ["initial"]);
    states.checkReachable(number);
    return number;
  }

  #entries(states: StatesBuilder, outside: Environment): readonly PlanEntry[] {
    const { signals = {}, queries = {}, updates = {} } = this.#document;
    const { programs } = this.#building;
    const noPrograms = { validate: -1, message: -1, set: {}, output: -1, outputSchema: null };
    const entries: PlanEntry[] = [];
    for (const [name, { schema = null, description = "" }] of Object.entries(signals))
      entries.push({ kind: "signal", name, description, inputSchema: canonical(schema), ...noPrograms });
    for (const [name, query] of Object.entries(queries)) {
      const environment = outside.with({ payload: schemaType(query.schema) });
      const output = programs.data(query.output ?? null, environment, ["queries", name, "output"]).program;
      const { schema = null, description = "", outputSchema = null } = query;
      entries.push({
        kind: "query",
        name,
        description,
        inputSchema: canonical(schema),
        ...noPrograms,
        output,
        outputSchema: canonical(outputSchema),
      });
    }
    for (const [name, update] of Object.entries(updates)) {
      const environment = outside.with({ payload: schemaType(update.schema) });
      const path = ["updates", name];
      const { schema = null, description = "", outputSchema = null, validate, message, output } = update;
      entries.push({
        kind: "update",
        name,
        description,
        inputSchema: canonical(schema),
        outputSchema: canonical(outputSchema),
        validate:
          validate === undefined
            ? -1
            : programs.condition(validate, environment, [...path, "validate"]).program,
        message:
          message === undefined ? -1 : programs.template(message, environment, [...path, "message"]).program,
        set: states.assignments(update.set, environment, [...path, "set"]),
        output: output === undefined ? -1 : programs.data(output, environment, [...path, "output"]).program,
      });
    }
    return entries;
  }

  #run(builder: TaskBuilder, outside: Environment): Plan["run"] {
    const {
      pool = "",
      priority = 0,
      timeout,
      retention,
      limits,
      object,
      onFailure = "compensate",
      continueAsNew,
    } = this.#document;
    const { programs } = this.#building;
    const retry = this.#building.retryOf(pool);
    return {
      pool,
      priority,
      timeoutMs: durationMs(timeout),
      retentionMs: durationMs(retention),
      limits: builder.limitsOf(limits, this.#base, ["limits"]),
      ...(object !== undefined && { object: this.#object(object) }),
      onFailure,
      ...(Object.keys(retry).length > 0 && { retry: sorted(retry) }),
      continueAsNew:
        continueAsNew === undefined
          ? null
          : {
              when:
                continueAsNew.when === undefined
                  ? -1
                  : programs.condition(continueAsNew.when, outside, ["continueAsNew", "when"]).program,
              input:
                continueAsNew.with === undefined
                  ? -1
                  : programs.data(continueAsNew.with, outside, ["continueAsNew", "with"]).program,
            },
    };
  }

  #object({ key = "", reader, call }: Partial<NonNullable<WorkflowDocument["object"]>>): ObjectPolicy {
    const { programs } = this.#building;
    return {
      key: programs.template(key, this.#base, ["object", "key"]).program,
      reader:
        reader === undefined ? -1 : programs.condition(reader, this.#base, ["object", "reader"]).program,
      call: call === undefined ? -1 : programs.template(call, this.#base, ["object", "call"]).program,
    };
  }
}

function standIn(id: string): PlanTask {
  return {
    id,
    title: "",
    kind: "set",
    scope: -1,
    needs: 0,
    work: -1,
    policy: -1,
    input: -1,
    when: -1,
    forEach: -1,
  };
}

function schemaType(schema: Json | undefined): Type {
  return schema === undefined ? types.dyn : typeOfSchema(schema);
}

/** Returns the type of a variable: that of its first value, if that determines it. */
function typeOfConstant(value: Json): Type {
  if (value === null) return types.dyn;
  if (typeof value === "string") return types.string;
  if (typeof value === "boolean") return types.bool;
  if (typeof value === "number") return Number.isInteger(value) ? types.int : types.double;
  return Array.isArray(value) ? { kind: "list", of: types.dyn } : objectOf({}, types.dyn);
}
