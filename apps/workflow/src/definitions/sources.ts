/** From what somebody wrote to what can be run, with all mistakes at once. */
import { type DefinitionSource, SourceFormat } from "@tutti/contracts/workflow/v1";
import {
  type Catalogue,
  type CheckedDefinition,
  checkText,
  type Definition,
  type DefinitionProblem,
  printProblem,
  printWords,
} from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { sourceErrors } from "../errors.ts";

export interface CheckSourceOptions {
  readonly catalogue?: Catalogue | undefined;
  /** Fills in a template. */
  readonly parameters?: Json | undefined;
}

export function checkSource(
  { format, text, fileName }: DefinitionSource,
  { catalogue, parameters }: CheckSourceOptions = {},
): CheckedDefinition {
  if (format === SourceFormat.SOURCE_FORMAT_TYPESCRIPT) throw sourceErrors.sourceNotRun();
  const isJson = format === SourceFormat.SOURCE_FORMAT_JSON;
  const name = fileName || (isJson ? "definition.json" : "definition.yaml");
  const options = { ...(catalogue && { catalogue }), ...(parameters !== undefined && { parameters }) };
  return checkText({ format: isJson ? "json" : "yaml", text, fileName: name }, options);
}

/** The definition, or `definition.invalid` with a violation per mistake. */
export function withoutMistakes({ definition, problems }: CheckedDefinition, name: string): Definition {
  const mistakes = problems.filter(({ severity }) => severity === "error");
  if (definition !== undefined && mistakes.length === 0) return definition;
  const [first] = mistakes;
  const told = { name, count: mistakes.length, first: first === undefined ? "" : printProblem(first) };
  throw sourceErrors.invalid(told, { violations: mistakes.map(violationOf) });
}

function violationOf(problem: DefinitionProblem) {
  const { fileName, line, column, path } = problem;
  return { field: line > 0 ? `${fileName}:${line}:${column}` : path, message: printWords(problem) };
}
