import {
  compileTemplate,
  type Json,
  type Scope,
  scopeOf,
  type Type,
  typeOfSchema,
  types,
} from "@tutti/expressions";
import type { Shape } from "../language/shape.ts";
import type { Findings, Path } from "../problem.ts";

const stepsMax = 100_000;

/** The parameters of a template, from which names and numbers are computed. */
export class Parameters {
  readonly #findings: Findings;
  readonly #scope: Scope;
  /** Undefined until the template is filled in. */
  readonly #values: Json | undefined;

  constructor(findings: Findings, schema: Json, values: Json | undefined) {
    this.#findings = findings;
    this.#scope = scopeOf({ parameters: typeOfSchema(schema) });
    this.#values = values;
  }

  /** Evaluates an expression for a name or a number. Undefined if its value is not known, or invalid. */
  evaluate(text: string, shape: Shape, path: Path): Json | undefined {
    const compiled = compileTemplate(text, this.#scope, { expectedType: typeOfShape(shape) });
    if (!compiled.ok) {
      for (const { code, at, message, expected } of compiled.problems)
        this.#findings.error(code, path, message, { at, expected });
      return undefined;
    }
    if (this.#values === undefined) return undefined;
    const values = this.#values;
    const evaluation = compiled.program.evaluate(() => values, { stepsMax });
    if (evaluation.ok) return evaluation.value;
    const { code, message, expected } = evaluation.problem;
    this.#findings.error(code, path, message, { expected });
    return undefined;
  }
}

function typeOfShape(shape: Shape): Type {
  switch (shape.kind) {
    case "number":
      return shape.whole ? types.int : types.double;
    case "flag":
      return types.bool;
    default:
      return types.string;
  }
}
