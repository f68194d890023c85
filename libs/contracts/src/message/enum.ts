import type { EnumWords } from "./field.ts";

/**
 * Returns the name of a value of an enum in the contracts: `WORK_STATUS_RUNNING`. `UNRECOGNIZED` for a value of a
 * later release.
 */
export function enumName(words: EnumWords, value: number): string {
  for (const name in words) if (words[name] === value) return name;
  return unrecognized;
}

/** Returns the value of an enum by its name or its number. */
export function enumValue<Words extends EnumWords>(words: Words, json: unknown): Words[keyof Words] {
  const isKnown =
    typeof json === "string" ? Object.hasOwn(words, json) : Object.values(words).includes(json as number);
  const value = isKnown ? (typeof json === "string" ? words[json] : json) : words["UNRECOGNIZED"];
  return value as Words[keyof Words];
}

const unrecognized = "UNRECOGNIZED";
