/** Compiles a source to an executable plan, with all mistakes at once. */
import { type DefinitionSource, SourceFormat } from "@tutti/contracts/workflow/v1";
import {
  type DefinitionProblem,
  type DefinitionText,
  formatWithoutPlace,
  printProblem,
} from "@tutti/definitions";
import { type CheckedParts, type CheckedText, checked, type WantedParts } from "@tutti/validation/thread";
import { sourceErrors } from "../errors.ts";

export function textOf({ format, text, fileName }: DefinitionSource): DefinitionText {
  if (format === SourceFormat.SOURCE_FORMAT_TYPESCRIPT) throw sourceErrors.sourceNotRun();
  const isJson = format === SourceFormat.SOURCE_FORMAT_JSON;
  const name = fileName || (isJson ? "definition.json" : "definition.yaml");
  return { format: isJson ? "json" : "yaml", text, fileName: name };
}

export async function checkSource(
  source: DefinitionSource,
  parts: WantedParts,
  options: Omit<CheckedText, "source"> = {},
): Promise<CheckedParts> {
  return checked("definition", source.text.length, { source: textOf(source), ...options }, parts);
}

/** Returns the definition. Throws `definition.invalid` with a violation per mistake. */
export function requireValid<Definition>(
  {
    definition,
    problems,
  }: { readonly definition: Definition | undefined; readonly problems: readonly DefinitionProblem[] },
  name: string,
): Definition {
  const mistakes = problems.filter(({ severity }) => severity === "error");
  if (definition !== undefined && mistakes.length === 0) return definition;
  const [first] = mistakes;
  const details = { name, count: mistakes.length, first: first === undefined ? "" : printProblem(first) };
  throw sourceErrors.invalid(details, { violations: mistakes.map(violationOf) });
}

function violationOf(problem: DefinitionProblem) {
  const { fileName, line, column, path } = problem;
  return { field: line > 0 ? `${fileName}:${line}:${column}` : path, message: formatWithoutPlace(problem) };
}
