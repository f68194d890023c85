/** Handlers' outputs as JSON, and where they are not. */

/** Location of a value that is not JSON. */
export interface NotJson {
  /** `output.items[3].price` */
  readonly path: string;
  readonly found: string;
}

/** Deeper values are cycles, or would overflow their readers. */
const depthMax = 500;

/** Returns the first value that is not JSON. Undefined if there is none. Undefined fields are ignored. */
export function findNotJson(value: unknown): NotJson | undefined {
  const path: (string | number)[] = [];
  const found = check(value, path, 0);
  return found === undefined ? undefined : { path: pathText(path.reverse().map(step)), found };
}

/** Steps that are shown at each end of a longer path, such as that of a cycle. */
const stepsPrinted = 5;

function pathText(steps: readonly string[]): string {
  const isLong = steps.length > 2 * stepsPrinted;
  const printed = isLong ? [...steps.slice(0, stepsPrinted), "…", ...steps.slice(-stepsPrinted)] : steps;
  return `output${printed.join("")}`;
}

function check(value: unknown, path: (string | number)[], depth: number): string | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return undefined;
    case "number":
      return Number.isFinite(value) ? undefined : String(value);
    case "object":
      return value === null ? undefined : checkChildren(value, path, depth);
    case "undefined":
      return depth === 0 ? undefined : "undefined";
    default:
      return `a ${typeof value}`;
  }
}

function checkChildren(value: object, path: (string | number)[], depth: number): string | undefined {
  if (depth >= depthMax) return `something nested more than ${depthMax} deep, or a cycle`;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const found = check(value[index], path, depth + 1);
      if (found !== undefined) {
        path.push(index);
        return found;
      }
    }
    return undefined;
  }
  if ("toJSON" in value && typeof value.toJSON === "function") return undefined;
  const name = opaque(value);
  if (name !== undefined) return name;
  for (const key in value) {
    const field = (value as Readonly<Record<string, unknown>>)[key];
    if (field === undefined) continue;
    const found = check(field, path, depth + 1);
    if (found !== undefined && Object.hasOwn(value, key)) {
      path.push(key);
      return found;
    }
  }
  return undefined;
}

/** Names a type that JSON would silently convert to an empty object, or to an object with numbers for keys. */
function opaque(value: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return undefined;
  if (value instanceof Map) return "a Map";
  if (value instanceof Set) return "a Set";
  if (value instanceof Promise) return "a Promise that was not awaited";
  if (value instanceof Error) return "an Error";
  if (value instanceof RegExp) return "a RegExp";
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return "bytes";
  if (value instanceof WeakMap || value instanceof WeakSet) return "a weak collection";
  return undefined;
}

function step(key: string | number): string {
  if (typeof key === "number") return `[${key}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
