/**
 * Texts in YAML or JSON that are not definitions: parsed, and checked by the code of their kind, with the place of each
 * problem.
 */
import type { Json } from "@tutti/expressions";
import { limits } from "../limits.ts";
import { type DefinitionProblem, Findings } from "../problem.ts";
import { readSource } from "../source/source.ts";
import type { DefinitionText } from "../source/text.ts";
import { checkSchema } from "./json-schemas.ts";
import { located } from "./located.ts";

export interface ReadText {
  /** Undefined if the text cannot be parsed. */
  readonly value: Json | undefined;
  readonly problems: readonly DefinitionProblem[];
}

/** Parses a text and returns its value and all problems. Never throws because of the text. */
export function readText(
  source: DefinitionText,
  check?: (value: Json, findings: Findings) => void,
): ReadText {
  const findings = new Findings(limits.problemsMax);
  const { value, places } = readSource(source, findings);
  if (value !== undefined) check?.(value, findings);
  return { value, problems: located(findings, source.fileName, places) };
}

/** Returns the problems of a JSON Schema. */
export function checkSchemaText(source: DefinitionText): readonly DefinitionProblem[] {
  return readText(source, (value, findings) => {
    if (typeof value === "object" || typeof value === "boolean") checkSchema(value, [], findings);
    else findings.error("wrong_schema", [], "expected a JSON Schema, got a single value");
  }).problems;
}
