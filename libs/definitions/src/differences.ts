/** Differences between two documents, field by field. */
type Json = unknown;

export interface Difference {
  /** Path of the field: `timing.rules[0].cron`. */
  readonly path: string;
  /** Undefined if absent. */
  readonly before: Json;
  readonly after: Json;
}

/** Returns every field that differs, in the order of the names. A list of another length differs as a whole. */
export function differencesOf(before: Json, after: Json, path = ""): readonly Difference[] {
  if (isMap(before) && isMap(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) =>
      differencesOf(before[name], after[name], path === "" ? name : `${path}.${name}`),
    );
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((element, at) => differencesOf(element, after[at], `${path}[${at}]`));
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
}

export function isMap(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const widthMax = 60;

/** Formats a difference: `maxQueued: 100 → 200`. */
export function differenceText({ path, before, after }: Difference): string {
  return `${path}: ${valueText(before)} → ${valueText(after)}`;
}

function valueText(value: Json): string {
  if (value === undefined) return "not set";
  const text = JSON.stringify(value);
  return text.length > widthMax ? `${text.slice(0, widthMax)}…` : text;
}
