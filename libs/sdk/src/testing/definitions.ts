/** The definitions of a test: the tested one and those of its children, with their parameters and plans. */

import {
  type CheckedDefinition,
  checkDocument,
  checkText,
  printProblem,
  type WorkflowDocument,
} from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { counted } from "@tutti/kernel";
import { RunPlan, type RunPlans } from "@tutti/machine-run";
import { WorkflowTestError } from "./fault.ts";

/** YAML or JSON as text, or a document, such as the builder returns. */
export type DefinitionInput = string | WorkflowDocument | Readonly<Record<string, unknown>>;

/** A definition that can be run. */
export interface Runnable {
  readonly plan: RunPlan;
  readonly name: string;
}

export class TestDefinitions implements RunPlans {
  /** Name of the tested definition. */
  readonly name: string;
  readonly #sources = new Map<string, DefinitionInput>();
  readonly #runnable = new Map<string, Runnable>();
  readonly #byHash = new Map<string, RunPlan>();

  constructor(definition: DefinitionInput, children: readonly DefinitionInput[]) {
    this.name = this.#add(definition);
    for (const child of children) this.#add(child);
  }

  /** Returns the tested definition, or that of a child. Undefined if the test has none. */
  find(name: string, parameters?: Json): Runnable | undefined {
    const source = this.#sources.get(name);
    if (source === undefined) return undefined;
    const key = `${name} ${parameters === undefined ? "" : JSON.stringify(parameters)}`;
    const known = this.#runnable.get(key);
    if (known !== undefined) return known;
    const { plan, hash } = checkedWithoutErrors(source, parameters);
    if (plan === undefined)
      throw new WorkflowTestError(
        `expected \`parameters\` for the template ${name}, got none. Give them with \`start({ parameters: … })\`, or in the task that starts it`,
      );
    const runnable = { plan: this.#byHash.get(hash) ?? new RunPlan(plan, hash), name };
    this.#byHash.set(hash, runnable.plan);
    this.#runnable.set(key, runnable);
    return runnable;
  }

  /** Returns the definition in its original form. */
  source(name: string): DefinitionInput | undefined {
    return this.#sources.get(name);
  }

  get names(): readonly string[] {
    return [...this.#sources.keys()];
  }

  plan(hash: string): RunPlan {
    const plan = this.#byHash.get(hash);
    if (plan === undefined) throw new WorkflowTestError(`expected a plan with the hash ${hash}, got none`);
    return plan;
  }

  #add(source: DefinitionInput): string {
    const { document } = checkedWithoutErrors(source);
    this.#sources.set(document.workflow, source);
    return document.workflow;
  }
}

/** Throws one error with all problems of a definition. */
export function checkedWithoutErrors(source: DefinitionInput, parameters?: Json) {
  const { definition, problems } = checked(source, parameters);
  if (definition !== undefined) return definition;
  const errors = problems.filter(({ severity }) => severity === "error");
  // A document that is no text has no file.
  const lines = errors.map((problem) => printProblem(problem).replace(/^: /, ""));
  throw new WorkflowTestError(`The definition has ${counted(errors.length, "error")}:\n${lines.join("\n")}`);
}

function checked(source: DefinitionInput, parameters: Json | undefined): CheckedDefinition {
  const options = parameters === undefined ? {} : { parameters };
  if (typeof source !== "string") return checkDocument(source as WorkflowDocument, options);
  const format = source.trimStart().startsWith("{") ? "json" : "yaml";
  return checkText({ format, text: source, fileName: `definition.${format}` }, options);
}
