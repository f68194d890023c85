/** A file of configuration, `tutti.yaml`: compared with the schema that follows from all sections of the platform. */
import { type DefinitionProblem, type DefinitionText, readText, validateAgainst } from "@tutti/definitions";
import schema from "../../../docs/reference/tutti.schema.json" with { type: "json" };

type Json = Parameters<typeof validateAgainst>[0];

/** An empty value counts as absent. Otherwise the finding would name the whole section. */
const sections = withoutNull(schema as unknown as Json);

/**
 * Returns whether a file is a configuration, and not another file with the same name: it has a section, or one of
 * the groups of sections.
 */
export function isConfiguration(file: DefinitionText): boolean {
  const { value } = readText(file);
  return isObject(value) && Object.keys(value).some((key) => Object.hasOwn(schema.properties, key));
}

export function checkConfiguration(file: DefinitionText): readonly DefinitionProblem[] {
  return readText(file, (value, findings) => {
    for (const { path, message } of validateAgainst(sections, withoutEmpty(value)).violations)
      findings.error("wrong_setting", path, message);
  }).problems;
}

function withoutNull(json: Json): Json {
  if (Array.isArray(json)) return json.map(withoutNull);
  if (!isObject(json)) return json;
  const { anyOf, ...rest } = json;
  const others = Array.isArray(anyOf)
    ? anyOf.filter((option) => !isObject(option) || option["type"] !== "null")
    : [];
  const [only] = others;
  if (others.length === 1 && isObject(only)) return withoutNull({ ...rest, ...only });
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, withoutNull(value)]));
}

function withoutEmpty(json: Json): Json {
  if (!isObject(json)) return json;
  const entries = Object.entries(json).filter(([, value]) => value !== null);
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutEmpty(value)]));
}

function isObject(json: Json | undefined): json is { readonly [name: string]: Json } {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
