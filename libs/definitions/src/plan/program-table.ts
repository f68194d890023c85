import {
  compileCondition,
  compileData,
  compileTemplate,
  type EncodedType,
  type Json,
  type Problem,
  type Program,
  type Scope,
  type Type,
  TypeEncoder,
  textOfJson,
  types,
} from "@tutti/expressions";
import { type Environment, taskNamed } from "../check/environment.ts";
import type { Steps } from "../check/steps.ts";
import type { Findings, Path } from "../problem.ts";
import { canonical } from "./canonical.ts";
import type { PlanProgram, PlanReference } from "./plan.ts";

export interface Programmed {
  /** Number of the program. */
  readonly program: number;
  readonly type: Type;
  /** Names that it reads. */
  readonly references: readonly string[];
  /** Value, if it is constant. */
  readonly constant: Json | undefined;
}

/**
 * Maximum number of parts of all types of a plan. Types of outputs can contain each other, and grow without
 * bound.
 */
const typePartsMax = 200_000;

/**
 * Compiles and numbers the programs of a definition. Equal programs in the same environment share a number.
 */
export class ProgramTable {
  readonly programs: PlanProgram[] = [];
  readonly types: EncodedType[] = [];
  readonly #findings: Findings;
  readonly #steps: Steps;
  readonly #known = new Map<string, Programmed>();
  readonly #environments = new Map<Environment, number>();
  readonly #encoder = new TypeEncoder(typePartsMax);
  readonly #typeNumbers = new Map<string, number>();
  readonly #typeObjects = new Map<Type, number>();

  readonly #isLiteral: boolean;

  /** @param isLiteral whether texts are data, so that `${{ }}` in them has no meaning */
  constructor(findings: Findings, steps: Steps, isLiteral = false) {
    this.#findings = findings;
    this.#steps = steps;
    this.#isLiteral = isLiteral;
  }

  /** Compiles JSON with expressions in its texts. */
  data(value: Json, environment: Environment, path: Path): Programmed {
    const source = canonical(value);
    if (this.#isLiteral) return this.#literal(source);
    return this.#compileOnce("data", source, { environment }, () => {
      const compiled = compileData(source, environment);
      if (compiled.ok) return compiled.program;
      for (const problem of compiled.problems) this.#refuse(problem, [...path, ...problem.path]);
      return undefined;
    });
  }

  /** Compiles a text with expressions. */
  template(text: string, environment: Environment, path: Path, expectedType?: Type): Programmed {
    if (this.#isLiteral) return this.#literal(text);
    return this.#compileOnce("template", text, { environment, expectedType }, () => {
      const compiled = compileTemplate(text, environment, expectedType === undefined ? {} : { expectedType });
      if (compiled.ok) return compiled.program;
      for (const problem of compiled.problems) this.#refuse(problem, path);
      return undefined;
    });
  }

  /** Compiles one expression. */
  condition(
    source: string | boolean,
    environment: Environment,
    path: Path,
    expectedType: Type = types.bool,
  ): Programmed {
    const text = String(source);
    return this.#compileOnce("condition", text, { environment, expectedType }, () => {
      const compiled = compileCondition(text, environment, { expectedType });
      if (compiled.ok) return compiled.program;
      for (const problem of compiled.problems) this.#refuse(problem, path);
      return undefined;
    });
  }

  /** Checks an expression that is evaluated elsewhere: it is data of the plan. */
  checks(source: string | boolean, scope: Scope, path: Path): void {
    this.#steps.charge(1);
    const compiled = compileCondition(String(source), scope, { expectedType: types.bool });
    if (compiled.ok) return;
    for (const problem of compiled.problems) this.#refuse(problem, path);
  }

  #literal(source: Json): Programmed {
    this.programs.push({ form: "constant", source, references: [], passes: -1 });
    return { program: this.programs.length - 1, type: types.dyn, references: [], constant: source };
  }

  #compileOnce(
    form: PlanProgram["form"],
    source: Json,
    {
      environment,
      expectedType,
    }: { readonly environment: Environment; readonly expectedType?: Type | undefined },
    compile: () => Program | undefined,
  ): Programmed {
    const text = textOfJson(source);
    const kind = `${form} ${expectedType?.kind ?? ""} ${typeof source === "string" ? "text" : "json"}`;
    const key = `${this.#environmentNumber(environment)} ${kind} ${text}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#steps.charge(1 + (text.length >>> 2));
    const program = compile();
    const programmed = program === undefined ? failed : this.#numbered(form, source, program, environment);
    // A failed program is reported at each of its places.
    if (program !== undefined) this.#known.set(key, programmed);
    return programmed;
  }

  #numbered(form: PlanProgram["form"], source: Json, program: Program, environment: Environment): Programmed {
    const { constant, type, references, passes } = program;
    const number = this.programs.length;
    const constantly = constant !== undefined;
    this.programs.push({
      form: constantly ? "constant" : form,
      source: constantly ? constant : source,
      references: references.map((name) => this.#reference(name, environment)),
      passes: passes ?? -1,
    });
    return { program: number, type, references, constant };
  }

  #reference(name: string, environment: Environment): PlanReference {
    const { tasks } = environment;
    const named = name.startsWith("tasks.")
      ? taskNamed(name, (known) => tasks.find(known) !== undefined)
      : undefined;
    const task = named === undefined ? -1 : (tasks.find(named.id) ?? -1);
    const field = named === undefined ? "" : (named.field ?? "task");
    return { name, task, field, type: this.#typeNumber(environment.typeOf(name) ?? types.dyn) };
  }

  #typeNumber(type: Type): number {
    const known = this.#typeObjects.get(type);
    if (known !== undefined) return known;
    const encoded = this.#encoder.encode(type);
    const text = JSON.stringify(encoded);
    let number = this.#typeNumbers.get(text);
    if (number === undefined) {
      number = this.types.length;
      this.types.push(encoded);
      this.#typeNumbers.set(text, number);
    }
    this.#typeObjects.set(type, number);
    return number;
  }

  #environmentNumber(environment: Environment): number {
    const known = this.#environments.get(environment);
    if (known !== undefined) return known;
    this.#environments.set(environment, this.#environments.size);
    return this.#environments.size - 1;
  }

  #refuse({ code, at, message, expected }: Problem, path: Path): void {
    this.#findings.error(code, path, message, { at, expected });
  }
}

const failed: Programmed = { program: -1, type: types.dyn, references: [], constant: undefined };
