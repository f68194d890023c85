import { limits } from "../limits.ts";
import { Findings } from "../problem.ts";
import { readSource } from "../source/source.ts";
import type { DefinitionText } from "../source/text.ts";

const parts = ["tasks", "steps", "states"];

/**
 * Returns whether a text is that of a workflow, also with mistakes in it. The texts of sessions, schedules and triggers are not.
 * Programs write JSON, and in their data `workflow` is often a name: JSON needs tasks, steps or states too.
 */
export function isWorkflowText(source: DefinitionText): boolean {
  const { text, format } = source;
  if (text.length > limits.textLengthMax || !/^\s*["']?workflow["']?\s*:|["']workflow["']\s*:/m.test(text))
    return false;
  const { value } = readSource(source, new Findings(1));
  // The checker names what is wrong with YAML that nothing can read. JSON of another kind is none of its business.
  if (value === undefined) return format === "yaml" && /^workflow:\s*\S/m.test(text);
  return isWorkflowDocument(value, format);
}

/** Returns whether a value is a workflow as a document, also with mistakes in it. */
export function isWorkflowDocument(value: unknown, format: DefinitionText["format"] = "json"): boolean {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, "workflow")) return false;
  if (Object.hasOwn(value, "schedule") || Object.hasOwn(value, "session")) return false;
  if (Object.hasOwn(value, "trigger")) return false;
  return format === "yaml" || parts.some((key) => Object.hasOwn(value, key));
}
