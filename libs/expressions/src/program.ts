import { type Refusal, redactText } from "@tutti/kernel";
import { expressionErrors } from "./errors.ts";
import { Frame, type ReadVariable } from "./evaluate/frame.ts";
import { formatInputs } from "./inputs.ts";
import { limits } from "./limits.ts";
import { Fault, lineAndColumn, type ProblemCode } from "./problem.ts";
import { type Type, types } from "./types/type.ts";
import type { Json } from "./values/value.ts";

/** An error of an evaluation, with the details that show the cause. */
export interface EvaluationProblem {
  readonly code: ProblemCode;
  readonly message: string;
  /** Expected value, if known. Otherwise empty. */
  readonly expected: string;
  /** The expression that failed. */
  readonly expression: string;
  /** Place in it, from 1. */
  readonly line: number;
  /** Place in its line, from 1. */
  readonly column: number;
  /** Its inputs, by name, shortened and without secrets. */
  readonly inputs: Readonly<Record<string, string>>;
}

export type Evaluation =
  | { readonly ok: true; readonly value: Json; readonly stepsUsed: number }
  | { readonly ok: false; readonly problem: EvaluationProblem; readonly stepsUsed: number };

export interface EvaluateOptions {
  /** Maximum number of steps. Default: `limits.stepsMax`. */
  readonly stepsMax?: number;
}

/** A compiled program. Its value, JSON, depends only on the referenced variables. */
export class Program {
  /** Type of its value, as far as it is known before evaluation. */
  readonly type: Type;
  /** Names of the variables that it reads, without duplicates. `evaluate` requests them by index. */
  readonly references: readonly string[];
  /** Set if its value is one unchanged variable, which then need not be parsed: the index of the reference. */
  readonly passes: number | undefined;
  /** Set if the value is constant. */
  readonly constant: Json | undefined;
  readonly #run: (frame: Frame, onStart: (expression: string) => void) => Json;

  /** Returns a program with a constant value. */
  static constant(value: Json): Program {
    return new Program({
      type: types.dyn,
      references: [],
      passes: undefined,
      constant: value,
      run: () => value,
    });
  }

  constructor(options: {
    readonly type: Type;
    readonly references: readonly string[];
    readonly passes: number | undefined;
    readonly constant: Json | undefined;
    readonly run: (frame: Frame, onStart: (expression: string) => void) => Json;
  }) {
    this.type = options.type;
    this.references = options.references;
    this.passes = options.passes;
    this.constant = options.constant;
    this.#run = options.run;
  }

  /** Evaluates the program. Never throws for any values. Only errors of `read` are passed on. */
  evaluate(read: ReadVariable, { stepsMax = limits.stepsMax }: EvaluateOptions = {}): Evaluation {
    const frame = new Frame(read, stepsMax);
    let expression = "";
    try {
      const value = this.#run(frame, (text) => {
        expression = text;
      });
      return { ok: true, value, stepsUsed: frame.stepsUsed };
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      return { ok: false, problem: this.#problem(fault, expression, frame), stepsUsed: frame.stepsUsed };
    }
  }

  #problem(fault: Fault, expression: string, frame: Frame): EvaluationProblem {
    const { code, expected, at } = fault;
    const message = redactText(fault.message).toWellFormed();
    const inputs = formatInputs(this.references, (place) => frame.known(place));
    return { code, message, expected, expression, ...lineAndColumn(expression, at), inputs };
  }
}

/** Returns the refusal for the caller that waits for the value. */
export function evaluationRefusal(problem: EvaluationProblem): Refusal {
  const { code, message, line, column, inputs } = problem;
  const expression = problem.expression.trim();
  const declared = code === "steps_exhausted" ? expressionErrors.stepsExhausted : expressionErrors.failed;
  const details: Record<string, string> = {
    expression,
    problem: code,
    line: String(line),
    column: String(column),
  };
  for (const [name, value] of Object.entries(inputs)) details[`input.${name}`] = value;
  return declared.refusal({ message, expression }, { details });
}
