/**
 * Checks of steps that types alone cannot make: whether a registered value is a step, and whether its input and output
 * match its declared schemas. A step without schemas is composed unchanged, at no cost.
 */
import type * as z from "zod";
import { lifecycleErrors } from "../errors.ts";
import type { Step } from "./step.ts";

const scopes: readonly unknown[] = ["core", "service", "integration"];
const isFunction = (value: unknown): boolean => typeof value === "function";

/** Returns the problem of a registered step, or undefined if it is valid. Code without types can pass anything. */
export function stepProblem(step: unknown): string | undefined {
  if (typeof step !== "object" || step === null) return `expected an object, got ${typeof step}`;
  const { name, scope, dependsOn, run, around, input, output }: { readonly [Key in string]?: unknown } = {
    ...step,
    // Methods of a class are not own properties.
    ...pickMethods(step),
  };
  if (typeof name !== "string" || name === "") return "`name`: expected a text";
  if (!scopes.includes(scope))
    return `\`scope\`: expected core, service or integration, got ${String(scope)}`;
  if (isFunction(run) === isFunction(around)) return "expected exactly one function, `run` or `around`";
  if (
    dependsOn !== undefined &&
    !(Array.isArray(dependsOn) && dependsOn.every((dependency) => typeof dependency === "string"))
  )
    return "`dependsOn`: expected a list of names";
  for (const [side, contract] of Object.entries({ input, output }))
    if (contract !== undefined && !hasSafeParse(contract)) return `\`${side}\`: expected a schema of zod`;
  if (output !== undefined && isFunction(run)) return "`output`: a step with `run` has no output to check";
  return undefined;
}

function pickMethods(step: object): { readonly run: unknown; readonly around: unknown } {
  return { run: Reflect.get(step, "run"), around: Reflect.get(step, "around") };
}

function hasSafeParse(contract: unknown): boolean {
  return typeof contract === "object" && contract !== null && isFunction(Reflect.get(contract, "safeParse"));
}

/** Returns the step with its declared contracts enforced. A step without contracts is unchanged. */
export function withContracts<Input, Output>(
  pipeline: string,
  step: Step<Input, Output>,
): Step<Input, Output> {
  const { input, output } = step;
  if (input === undefined && output === undefined) return step;
  const requireContract = (
    side: "input" | "output",
    contract: z.ZodType | undefined,
    value: unknown,
  ): void => {
    const parsed = contract?.safeParse(value);
    if (parsed?.success !== false) return;
    const problem = parsed.error.issues.map(({ path, message }) => [...path, message].join(": ")).join("; ");
    throw lifecycleErrors.stepContract({ pipeline, step: step.name, side, problem });
  };
  if (step.around === undefined)
    return {
      name: step.name,
      scope: step.scope,
      dependsOn: step.dependsOn ?? [],
      run: (value) => {
        requireContract("input", input, value);
        return step.run(value);
      },
    };
  return {
    name: step.name,
    scope: step.scope,
    dependsOn: step.dependsOn ?? [],
    around: (given, next) => {
      requireContract("input", input, given);
      const answer = step.around(given, next);
      if (!(answer instanceof Promise)) {
        requireContract("output", output, answer);
        return answer;
      }
      const checked = answer.then((value: unknown) => {
        requireContract("output", output, value);
        return value;
      });
      // The same promise with a check: its type is that of the returned value.
      return checked as Output;
    },
  };
}
