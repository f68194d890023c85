import type { Findings } from "../problem.ts";
import { readJson } from "./json-source.ts";
import type { DefinitionText, ReadSource } from "./text.ts";
import { readYaml } from "./yaml-source.ts";

/**
 * Parses a text to JSON, and keeps the data for finding places in it. JSON is YAML too, but its own parser is ten
 * times as fast. A text that starts like JSON and is not valid JSON is parsed as YAML.
 */
export function readSource(source: DefinitionText, findings: Findings): ReadSource {
  const { value, places } = read(source, findings);
  const { linesBefore = 0 } = source;
  if (linesBefore === 0) return { value, places };
  return {
    value,
    places: {
      placeOf(path, options) {
        const place = places.placeOf(path, options);
        return place && { ...place, line: place.line + linesBefore };
      },
    },
  };
}

function read({ format, text }: DefinitionText, findings: Findings): ReadSource {
  if (format === "json") return readJson(text, findings);
  return /^\s*\{\s*"/.test(text.slice(0, 200)) && looksLikeJson(text)
    ? readJson(text, findings)
    : readYaml(text, findings);
}

function looksLikeJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
