import type { Environment } from "../check/environment.ts";
import type { LimitDocument, TaskDocument } from "../language/document.ts";
import type { TaskKindWord } from "../language/task-shape.ts";
import type { KeyedLimit, PlanTask, TaskPolicy, Work } from "../plan/plan.ts";
import type { Path } from "../problem.ts";
import { agentInput } from "./agent.ts";
import type { Building, Draft } from "./building.ts";
import { checkInput } from "./input-check.ts";
import { readNeeds } from "./needs.ts";
import { checkOptions, kindOf } from "./options.ts";
import { PolicyBuilder } from "./policy-builder.ts";
import { TaskPrograms } from "./task-programs.ts";
import { policyKeys } from "./values.ts";
import { WorkBuilder } from "./work-builder.ts";

/** Builds tasks: their programs, their needs, and the numbers of their works and policies. */
export class TaskBuilder {
  readonly works: Work[] = [];
  readonly policies: TaskPolicy[] = [];
  readonly #building: Building;
  readonly #programs: TaskPrograms;
  readonly #workBuilder: WorkBuilder;
  readonly #policyBuilder: PolicyBuilder;
  /** Numbers of parts that many tasks share, which are in the plan once. */
  readonly #numbers = new Map<string, number>();
  /** Policies of tasks without options, by whether an agent executes them. */
  readonly #commonPolicies: { readonly agent: number; readonly other: number };

  constructor(building: Building) {
    this.#building = building;
    this.#programs = new TaskPrograms(building);
    this.#workBuilder = new WorkBuilder(building, this.#programs);
    this.#policyBuilder = new PolicyBuilder(building, this.#programs);
    const common = (document: TaskDocument) =>
      this.#interned(
        "policy",
        this.policies,
        this.#policyBuilder.policyOf({ ...emptyDraft, document }, building.environmentOfScope(-1)),
      );
    this.#commonPolicies = { agent: common({ uses: "" }), other: common({}) };
  }

  build(draft: Draft): PlanTask {
    const { document, path } = draft;
    this.#building.steps.charge(1);
    readNeeds(this.#building, draft);
    const environment = this.#building.environmentOf(draft);
    this.#programs.needed(draft, draft.forEach);
    const when = this.#programs.condition(draft, document.when, environment, "when");
    const kind = kindOf(document);
    if (kind !== undefined) checkOptions(document, kind, path, this.#building.findings);
    const input = this.#input(draft, kind, environment);
    const policy = this.#hasPolicy(document) ? this.#policy(draft, environment) : this.#commonPolicyOf(kind);
    const work =
      kind === undefined
        ? -1
        : this.#interned("work", this.works, this.#workBuilder.workOf(draft, kind, environment));
    return {
      id: draft.id,
      title: document.title ?? "",
      kind: kind === "agent" ? "function" : (kind ?? "set"),
      scope: draft.scope,
      needs: 0,
      work,
      policy,
      input,
      when,
      forEach: draft.forEach?.program ?? -1,
    };
  }

  #input(draft: Draft, kind: TaskKindWord | undefined, environment: Environment): number {
    const { document, path } = draft;
    const key = kind === "set" ? "set" : "with";
    if (document.agent !== undefined)
      return agentInput(draft, document.agent, environment, {
        building: this.#building,
        programs: this.#programs,
      });
    const value = document[key];
    const compiled =
      value === undefined ? undefined : this.#building.programs.data(value, environment, [...path, key]);
    this.#programs.needed(draft, compiled);
    if (kind === "uses" || kind === "workflow" || kind === "mission")
      checkInput(this.#building, draft, kind, compiled);
    return compiled?.program ?? -1;
  }

  #commonPolicyOf(kind: TaskKindWord | undefined): number {
    const { agent, other } = this.#commonPolicies;
    return kind === "uses" || kind === "function" || kind === "agent" ? agent : other;
  }

  #hasPolicy(document: TaskDocument): boolean {
    return policyKeys.some((key) => document[key] !== undefined);
  }

  #policy(draft: Draft, environment: Environment): number {
    // Most tasks share their options with others and refer to nothing.
    const plain = plainPolicyText(draft.document);
    if (plain === undefined)
      return this.#interned("policy", this.policies, this.#policyBuilder.policyOf(draft, environment));
    const known = this.#numbers.get(plain);
    if (known !== undefined) return known;
    const number = this.#interned("policy", this.policies, this.#policyBuilder.policyOf(draft, environment));
    this.#numbers.set(plain, number);
    return number;
  }

  /** Builds the limits of the whole run. */
  limitsOf(
    documents: readonly LimitDocument[] | undefined,
    environment: Environment,
    path: Path,
  ): readonly KeyedLimit[] {
    return this.#policyBuilder.limitsOf(documents, environment, path);
  }

  #interned<T>(table: "work" | "policy", list: T[], value: T): number {
    const text = `${table} ${JSON.stringify(value)}`;
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, list.length);
    list.push(value);
    return list.length - 1;
  }
}

/** Returns the options of a task as a text if none of them can refer to anything. Otherwise undefined. */
function plainPolicyText(document: TaskDocument): string | undefined {
  const { labels, placement, checks, limits, cache, dueTime, idempotencyKey, compensate } = document;
  if (labels ?? placement ?? checks ?? limits ?? cache ?? dueTime ?? idempotencyKey ?? compensate)
    return undefined;
  const { maxParallel, failFast, retry, timeout, priority, resources, gang, mayBeDoubled, mayFail } =
    document;
  const { budget, cost = document.estimate } = document;
  return JSON.stringify([
    kindOf(document),
    maxParallel,
    failFast,
    retry,
    timeout,
    priority,
    resources,
    budget,
    cost,
    gang,
    mayBeDoubled,
    mayFail,
  ]);
}

/** A task without options, with the policy of all such tasks. */
const emptyDraft: Draft = {
  number: -1,
  id: "",
  document: {},
  path: [],
  scope: -1,
  body: -1,
  forEach: undefined,
  environment: undefined,
  output: undefined,
  needs: new Map(),
  unstated: new Set(),
  implied: new Set(),
};
