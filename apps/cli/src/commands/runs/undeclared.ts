/**
 * Finds fields of an input that the workflow does not declare, each with the declared field that was probably meant.
 *
 * A schema allows further fields by default, so a mistyped optional field is no error of the platform. A schema that
 * sets `additionalProperties` is not checked here.
 */
import { nearest } from "@tutti/kernel";

export interface Undeclared {
  readonly field: string;
  readonly meant: string;
}

export function undeclaredIn(schemaText: string, input: unknown): readonly Undeclared[] {
  if (!isMembers(input)) return [];
  const schema = parsed(schemaText);
  if (!isMembers(schema) || "additionalProperties" in schema || !isMembers(schema["properties"])) return [];
  const declared = Object.keys(schema["properties"]);
  const open = declared.filter((name) => !Object.hasOwn(input, name));
  return Object.keys(input)
    .filter((field) => !declared.includes(field))
    .flatMap((field) => {
      const meant = nearest(field, open);
      return meant === undefined ? [] : [{ field, meant }];
    });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
