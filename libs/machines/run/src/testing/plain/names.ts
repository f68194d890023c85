/** Values by the names that expressions use. They are compiled for every evaluation, and know no types. */
import {
  type Compiled,
  compileCondition,
  compileData,
  type Json,
  type Type,
  types,
} from "@tutti/expressions";

/** Returns a value by its name. Undefined for an unknown name. */
export type Names = (name: string) => Json | undefined;

export type Evaluated = { readonly value: Json } | { readonly fails: string };

const known: readonly (readonly [RegExp, Type])[] = [
  [/^(input|item|output|given|feedback|error|vars|event|payload|run)$/, types.dyn],
  [/^(tasks\.\w+\.(output|error)|round\.last|signal\.payload)$/, types.dyn],
  [/^(index|round\.number)$/, types.int],
  [/^tasks\.\w+\.status$/, types.string],
];

const scope = {
  typeOf: (name: string): Type | undefined => known.find(([pattern]) => pattern.test(name))?.[1],
  names: (): Iterable<string> => [],
};

/** Evaluates a value whose texts may contain expressions. */
export function valueFrom(data: Json, names: Names): Evaluated {
  return evaluated(compileData(data, scope), names);
}

/** Evaluates an expression, with or without `${{ }}` around it. */
export function conditionOf(text: Json, names: Names): Evaluated {
  return typeof text === "string" ? evaluated(compileCondition(text, scope), names) : { value: text };
}

/** Returns the references of an expression. */
export function referencesOf(data: Json | undefined): readonly string[] {
  return data === undefined ? [] : programOf(compileData(data, scope)).references;
}

export function referencesOfCondition(text: Json | undefined): readonly string[] {
  return typeof text === "string" ? programOf(compileCondition(text, scope)).references : [];
}

function evaluated(compiled: Compiled | ReturnType<typeof compileData>, names: Names): Evaluated {
  const program = programOf(compiled);
  const result = program.evaluate((place) => names(program.references[place] ?? ""));
  return result.ok ? { value: result.value } : { fails: "workflow.expression_failed" };
}

function programOf(compiled: Compiled | ReturnType<typeof compileData>) {
  if (compiled.ok) return compiled.program;
  throw new Error(`expected an expression, got ${JSON.stringify(compiled.problems)}`);
}
