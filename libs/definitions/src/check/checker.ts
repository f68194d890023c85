import { type Json, writeExactly } from "@tutti/expressions";
import type { ConfiguredRetry } from "@tutti/kernel";
import { buildPlan } from "../build/definition-builder.ts";
import { definition } from "../language/definition-shape.ts";
import type { WorkflowDocument } from "../language/document.ts";
import { limits } from "../limits.ts";
import { canonical, hashOf } from "../plan/canonical.ts";
import type { Plan } from "../plan/plan.ts";
import { type DefinitionProblem, Findings, type Places } from "../problem.ts";
import { readSource } from "../source/source.ts";
import type { DefinitionText } from "../source/text.ts";
import type { Catalogue } from "./catalogue.ts";
import { checkSchema, satisfying } from "./json-schemas.ts";
import { located, nowhere } from "./located.ts";
import { placesOfSteps, problemOfSteps, withTasksOfSteps } from "./ordered-steps.ts";
import { Parameters } from "./parameters.ts";
import { isMembers, ShapeChecker } from "./shape-checker.ts";
import { Steps, StepsExhausted } from "./steps.ts";
import { checkOnKey } from "./trigger-checker.ts";

export interface CheckOptions {
  /** Offers of the installation. Without them, used names are not looked up. */
  readonly catalogue?: Catalogue;
  /** Parameters that fill in a template. */
  readonly parameters?: Json;
  readonly textLengthMax?: number;
  readonly stepsMax?: number;
  /** Whether texts are data: `${{ }}` in them has no meaning. */
  readonly literal?: boolean;
  /** Retry defaults of the namespace and its pools. Default: those of the platform. */
  readonly retry?: ConfiguredRetry | undefined;
}

export interface CheckedDefinition {
  /** In the order of the source. */
  readonly problems: readonly DefinitionProblem[];
  /** Undefined when there is an error among the problems. */
  readonly definition: Definition | undefined;
  /** Number of steps that the check took. */
  readonly stepCount: number;
}

/** A definition without errors. */
export interface Definition {
  readonly document: WorkflowDocument;
  /** SHA-256 of the plan, or of the content of a template that is not filled in. 64 hexadecimal digits. */
  readonly hash: string;
  /** Undefined for a template that is not filled in. */
  readonly plan: Plan | undefined;
}

/** Checks a text and reports all problems together. Never throws because of the text. */
export function checkText(source: DefinitionText, options: CheckOptions = {}): CheckedDefinition {
  const findings = new Findings(limits.problemsMax);
  const { textLengthMax = limits.textLengthMax } = options;
  const { length } = source.text;
  if (length > textLengthMax) {
    findings.error("too_large", [], `expected at most ${textLengthMax} characters, got ${length}`);
    return { problems: located(findings, source.fileName, nowhere), definition: undefined, stepCount: 1 };
  }
  const { value, places } = readSource(source, findings);
  if (value === undefined)
    return { problems: located(findings, source.fileName, places), definition: undefined, stepCount: 1 };
  return check(value, { findings, places, fileName: source.fileName }, options);
}

/** Checks a document that was built, or parsed by other code. Its problems have paths and no lines. */
export function checkDocument(
  document: WorkflowDocument | Json,
  options: CheckOptions = {},
): CheckedDefinition {
  return check(
    document as Json,
    { findings: new Findings(limits.problemsMax), places: nowhere, fileName: "" },
    options,
  );
}

/** Existing tasks and reserved ids, for tasks that are added. */
export interface Surroundings {
  readonly exists: (id: string) => boolean;
  readonly usedIds: readonly string[];
}

/** Checks tasks that are added to others. */
export function checkWithin(
  document: Json,
  options: CheckOptions,
  surroundings: Surroundings,
): CheckedDefinition {
  const findings = new Findings(limits.problemsMax);
  for (const id of surroundings.usedIds)
    findings.error("duplicate", ["tasks", id], `there is a task \`${id}\` already`, {
      expected: "another id",
    });
  return check(document, { findings, places: nowhere, fileName: "" }, options, surroundings);
}

interface Checking {
  readonly findings: Findings;
  readonly places: Places;
  readonly fileName: string;
}

function check(
  value: Json,
  { findings, places, fileName }: Checking,
  options: CheckOptions,
  surroundings?: Surroundings,
): CheckedDefinition {
  const steps = new Steps(options.stepsMax);
  const ordered = withTasksOfSteps(value, findings);
  const shownPlaces = ordered === undefined ? places : placesOfSteps(places);
  let built: Definition | undefined;
  try {
    built = new DocumentCheck(findings, steps, options, surroundings).check(ordered ?? value);
  } catch (fault) {
    if (!(fault instanceof StepsExhausted)) throw fault;
    findings.error(
      "too_large",
      [],
      `expected a definition that is checked in ${fault.stepsMax} steps, got a larger one`,
    );
  }
  const definition = findings.hasErrors ? undefined : built;
  const problems = located(findings, fileName, shownPlaces);
  return {
    problems: ordered === undefined ? problems : problems.map(problemOfSteps),
    definition,
    stepCount: steps.count,
  };
}

class DocumentCheck {
  readonly #findings: Findings;
  readonly #steps: Steps;
  readonly #options: CheckOptions;
  readonly #surroundings: Surroundings | undefined;

  constructor(
    findings: Findings,
    steps: Steps,
    options: CheckOptions,
    surroundings: Surroundings | undefined,
  ) {
    this.#surroundings = surroundings;
    this.#findings = findings;
    this.#steps = steps;
    this.#options = options;
  }

  check(value: Json): Definition | undefined {
    const before = this.#findings.list.length;
    const { isTemplate, parameters, values, filled } = this.#parametersOf(value);
    const cleaned = new ShapeChecker(this.#findings, this.#steps, parameters).check(filled, definition, []);
    if (!isMembers(cleaned)) return undefined;
    this.#checkSchemas(cleaned);
    const document = cleaned as unknown as WorkflowDocument;
    checkOnKey(document, this.#findings);
    const plan = buildPlan({
      document,
      findings: this.#findings,
      steps: this.#steps,
      catalogue: this.#options.catalogue,
      exists: this.#surroundings?.exists,
      literal: this.#options.literal,
      retry: this.#options.retry,
    });
    if (this.#findings.list.slice(before).some(({ severity }) => severity === "error")) return undefined;
    const whole = filled as unknown as WorkflowDocument;
    if (isTemplate && values === undefined)
      return { document: whole, plan: undefined, hash: hashOf(writeExactly(inOrder(filled))) };
    return { document: whole, plan, hash: hashOf(writeExactly(plan)) };
  }

  #parametersOf(value: Json): {
    readonly isTemplate: boolean;
    readonly parameters: Parameters | undefined;
    readonly values: Json | undefined;
    readonly filled: Json;
  } {
    const declared = isMembers(value) ? value["parameters"] : undefined;
    const provided = this.#options.parameters;
    if (!isMembers(value) || !isMembers(declared) || declared["schema"] === undefined) {
      if (provided !== undefined)
        this.#findings.error(
          "not_a_template",
          [],
          "expected a definition with `parameters` to be filled in, got one without",
        );
      return { isTemplate: false, parameters: undefined, values: undefined, filled: value };
    }
    const schema = declared["schema"];
    const found = provided ?? declared["values"];
    const values =
      found === undefined
        ? undefined
        : satisfying(found, schema, ["parameters", "values"], {
            findings: this.#findings,
            steps: this.#steps,
          });
    const filled = values === undefined ? value : { ...value, parameters: { ...declared, values } };
    return { isTemplate: true, parameters: new Parameters(this.#findings, schema, values), values, filled };
  }

  #checkSchemas(document: { readonly [key: string]: Json }): void {
    const inside = (path: readonly string[]): void => {
      let found: Json | undefined = document;
      for (const part of path)
        found = isMembers(found) && Object.hasOwn(found, part) ? found[part] : undefined;
      if (found === undefined) return;
      this.#steps.chargeFor(found);
      checkSchema(found, path, this.#findings);
    };
    inside(["parameters", "schema"]);
    inside(["input", "schema"]);
    inside(["outputSchema"]);
    for (const group of ["signals", "queries", "updates"]) {
      const entries = document[group];
      for (const name of isMembers(entries) ? Object.keys(entries) : [])
        for (const key of ["schema", "outputSchema"]) inside([group, name, key]);
    }
    const tasks = document["tasks"];
    for (const id of isMembers(tasks) ? Object.keys(tasks) : []) inside(["tasks", id, "approve", "form"]);
  }
}

/** Returns the content with keys in order, apart from tasks and states, whose order is a part of it. */
function inOrder(value: Json): Json {
  if (!isMembers(value)) return Array.isArray(value) ? value.map(inOrder) : value;
  const members = Object.create(null) as Record<string, Json>;
  for (const key of Object.keys(value).sort()) {
    const inner = value[key] ?? null;
    const ordered = (key === "tasks" || key === "states") && isMembers(inner);
    members[key] = ordered
      ? Object.entries(inner).map(([name, member]) => [name, inOrder(member)])
      : inOrder(inner);
  }
  return canonical({ ...members });
}
