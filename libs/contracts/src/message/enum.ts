import type { EnumValues } from "./field.ts";

/**
 * Returns the name of a value of an enum in the contracts: `WORK_STATUS_RUNNING`. `UNRECOGNIZED` for a value of a
 * later release.
 */
export function enumName(values: EnumValues, value: number): string {
  for (const name in values) if (values[name] === value) return name;
  return unrecognized;
}

/** Returns the value of an enum by its name or its number. */
export function enumValue<Values extends EnumValues>(values: Values, json: unknown): Values[keyof Values] {
  const isKnown =
    typeof json === "string" ? Object.hasOwn(values, json) : Object.values(values).includes(json as number);
  const value = isKnown ? (typeof json === "string" ? values[json] : json) : values["UNRECOGNIZED"];
  return value as Values[keyof Values];
}

const unrecognized = "UNRECOGNIZED";
