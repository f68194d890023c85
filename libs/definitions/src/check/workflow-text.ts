import { limits } from "../limits.ts";
import { Findings } from "../problem.ts";
import { readSource } from "../source/source.ts";
import type { DefinitionText } from "../source/text.ts";
import { keyLine } from "./file-checker.ts";

const workflowLine = keyLine("workflow");
const parts = ["tasks", "steps", "states"];

/**
 * Returns whether a text is a workflow, even with problems. The texts of sessions, schedules and triggers are not.
 * Programs write JSON, and in their data `workflow` is often a name: JSON needs tasks, steps or states too.
 */
export function isWorkflowText(source: DefinitionText): boolean {
  const { text, format } = source;
  if (text.length > limits.textLengthMax || !(workflowLine.test(text) || /["']workflow["']\s*:/.test(text)))
    return false;
  const { value } = readSource(source, new Findings(1));
  // The checker reports YAML that cannot be parsed. Other JSON does not concern it.
  if (value === undefined) return format === "yaml" && /^workflow:\s*\S/m.test(text);
  return isWorkflowDocument(value, format);
}

/** Returns whether a value is a workflow document, even with problems. */
export function isWorkflowDocument(value: unknown, format: DefinitionText["format"] = "json"): boolean {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, "workflow")) return false;
  if (Object.hasOwn(value, "schedule") || Object.hasOwn(value, "session")) return false;
  if (Object.hasOwn(value, "trigger")) return false;
  return format === "yaml" || parts.some((key) => Object.hasOwn(value, key));
}
