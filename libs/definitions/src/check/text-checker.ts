/** Texts in YAML or JSON that are no definitions: read, and checked by the code that knows their kind, each mistake with its place. */
import type { Json } from "@tutti/expressions";
import { limits } from "../limits.ts";
import { type DefinitionProblem, Findings } from "../problem.ts";
import { readSource } from "../source/source.ts";
import type { DefinitionText } from "../source/text.ts";
import { checkSchema } from "./json-schemas.ts";
import { located } from "./located.ts";

export interface ReadText {
  /** Undefined where it cannot be read. */
  readonly value: Json | undefined;
  readonly problems: readonly DefinitionProblem[];
}

/** What a text says, and all that is wrong with it. Never throws because of what it says. */
export function readText(
  source: DefinitionText,
  check?: (value: Json, findings: Findings) => void,
): ReadText {
  const findings = new Findings(limits.problemsMax);
  const { value, places } = readSource(source, findings);
  if (value !== undefined) check?.(value, findings);
  return { value, problems: located(findings, source.fileName, places) };
}

/** What is wrong with a JSON Schema. */
export function checkSchemaText(source: DefinitionText): readonly DefinitionProblem[] {
  return readText(source, (value, findings) => {
    if (typeof value === "object" || typeof value === "boolean") checkSchema(value, [], findings);
    else findings.error("wrong_schema", [], "expected a JSON Schema, found a single value");
  }).problems;
}
