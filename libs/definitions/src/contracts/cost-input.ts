/** Parts of the input of a task that its author has named, because its duration depends on them. */
export interface CostInput {
  /** Texts, numbers and flags, such as `region=eu`. Empty without any. */
  readonly key: string;
  /** Number of elements of its lists and maps. 0 without any. */
  readonly count: number;
}

const nothing: CostInput = { key: "", count: 0 };
const keyMax = 200;

/** @param by fields of the input, with dots for nested ones */
export function costInputOf(by: readonly string[], input: unknown): CostInput {
  if (by.length === 0) return nothing;
  const keys: string[] = [];
  let count = 0;
  for (const path of by) {
    const value = fieldAt(input, path);
    if (Array.isArray(value)) count += value.length;
    else if (value !== null && typeof value === "object") count += Object.keys(value).length;
    else if (value !== null && value !== undefined) keys.push(`${path}=${String(value)}`);
  }
  return { key: keys.join(" ").replaceAll("\n", " ").slice(0, keyMax), count };
}

/** @param encoded JSON. Other content is ignored */
export function costInputIn(by: readonly string[], encoded: Uint8Array | undefined): CostInput {
  if (by.length === 0 || encoded === undefined) return nothing;
  try {
    return costInputOf(by, JSON.parse(new TextDecoder().decode(encoded)));
  } catch {
    return nothing;
  }
}

function fieldAt(input: unknown, path: string): unknown {
  let value = input;
  for (const name of path.split(".")) {
    if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
    if (!Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}
