/** Conditions of an agent over its calls, its prompt and its output. */
import { compileCondition, type Json, scopeOf, types } from "@tutti/expressions";

/** Evaluates a condition. Undefined if it cannot be evaluated. */
export function evaluateCondition(
  condition: string | boolean,
  variables: Readonly<Record<string, Json>>,
): boolean | undefined {
  if (typeof condition === "boolean") return condition;
  const scope = scopeOf(Object.fromEntries(Object.keys(variables).map((name) => [name, types.dyn])));
  const compiled = compileCondition(condition, scope, { expectedType: types.bool });
  if (!compiled.ok) return undefined;
  const { program } = compiled;
  const found = program.evaluate((place) => variables[program.references[place] ?? ""] ?? null);
  return found.ok && typeof found.value === "boolean" ? found.value : undefined;
}
