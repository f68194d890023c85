/** In which fields two rules differ, as REST names and writes them. */
import type { AdmissionRule, FieldChange } from "@tutti/contracts/governance/v1";
import { Mapping, schema } from "@tutti/rest/json";

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** What says who has it since when, and is no part of what it says. */
const aboutIt = ["namespace", "revision", "updateTimeMs", "updateCause"];

export function changesOf(before: AdmissionRule, after: AdmissionRule | undefined): FieldChange[] {
  const were = fieldsOf(before);
  const are = fieldsOf(after);
  const paths = [...new Set([...were.keys(), ...are.keys()])];
  return paths
    .map((path) => ({ path, before: were.get(path) ?? "", after: are.get(path) ?? "" }))
    .filter((change) => change.before !== change.after);
}

function fieldsOf(rule: AdmissionRule | undefined): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  if (rule === undefined) return fields;
  const json = new Mapping(schema).message("tutti.governance.v1.AdmissionRule", { ...rule }) as Json;
  for (const [name, value] of Object.entries(json as { readonly [name: string]: Json }))
    if (!aboutIt.includes(name)) note(name, value, fields);
  return fields;
}

function note(path: string, value: Json, fields: Map<string, string>): void {
  if (Array.isArray(value))
    for (const [index, one] of value.entries()) note(`${path}[${index}]`, one, fields);
  else if (typeof value === "object" && value !== null)
    for (const [name, one] of Object.entries(value)) note(stepTo(path, name), one, fields);
  else fields.set(path, JSON.stringify(value));
}

function stepTo(path: string, name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
}
