/**
 * Values of a Temporal history. A history has values, and no expressions. If an output and a later input have the
 * same value, the input becomes a reference.
 */
import type { Json } from "@tutti/expressions";
import { member, plain, template, UnsupportedConstruct } from "./cel.ts";
import { isMembers, type Members, membersIn, type Path, textIn } from "./foreign-document.ts";

/** Returns the values of `{payloads: […]}`, or of a list of plain values. */
export function valuesOf(value: unknown, path: Path): readonly Json[] {
  if (Array.isArray(value)) return value as Json[];
  if (!isMembers(value)) return [];
  const payloads: unknown = value["payloads"];
  return (Array.isArray(payloads) ? payloads : []).map((payload, index) =>
    payloadValue(isMembers(payload) ? payload : {}, [...path, "payloads", index]),
  );
}

function payloadValue(payload: Members, path: Path): Json {
  const encoding = decoded(textIn(membersIn(payload, "metadata"), "encoding"));
  if (encoding === "binary/null") return null;
  const text = decoded(textIn(payload, "data"));
  if (encoding !== "json/plain")
    throw new UnsupportedConstruct(`a value is encoded as \`${encoding}\``, path);
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new UnsupportedConstruct("a value is no JSON", path);
  }
}

function decoded(base64: string): string {
  // Node skips characters that are not base64.
  if (base64.length % 4 !== 0 || !/^[\w+/-]*={0,2}$/.test(base64)) return "";
  return Buffer.from(base64, "base64").toString("utf8");
}

/** Returns the input. Handlers have one input. Several arguments become a list in it. */
export function inputOf(values: readonly Json[]): Json | undefined {
  return values.length > 1 ? { arguments: [...values] } : values[0];
}

/** Source of a value. */
export interface Origin {
  readonly expression: string;
  readonly value: Json;
}

const depthMax = 6;
const shortestText = 3;

/** Finds values of later inputs in earlier outputs. The first origin counts. */
export class Origins {
  readonly #expressions = new Map<string, string>();

  constructor(origins: readonly Origin[]) {
    for (const { expression, value } of origins) this.#add(expression, value, 0);
  }

  #add(expression: string, value: Json, depth: number): void {
    if (isSignificant(value)) {
      const text = JSON.stringify(value);
      if (!this.#expressions.has(text)) this.#expressions.set(text, expression);
    }
    if (depth === depthMax || typeof value !== "object" || value === null) return;
    for (const [key, each] of Object.entries(value))
      this.#add(member(expression, Array.isArray(value) ? Number(key) : key), each as Json, depth + 1);
  }

  /** Returns the value with references, and the number of its leaves that still are values of this run. */
  referring(value: Json): { readonly value: Json; readonly fixed: number } {
    const found = isSignificant(value) ? this.#expressions.get(JSON.stringify(value)) : undefined;
    if (found !== undefined) return { value: template(found), fixed: 0 };
    if (typeof value !== "object" || value === null)
      return { value: typeof value === "string" ? plain(value) : value, fixed: 1 };
    const all = Object.entries(value).map(([key, each]) => ({ key, ...this.referring(each as Json) }));
    const fixed = all.reduce((sum, each) => sum + each.fixed, 0);
    if (Array.isArray(value)) return { value: all.map((each) => each.value), fixed };
    return { value: Object.fromEntries(all.map((each) => [each.key, each.value])), fixed };
  }
}

/** Returns whether equality of the value is significant. Equal numbers or short texts are not. */
function isSignificant(value: Json): boolean {
  if (typeof value === "string") return value.length >= shortestText;
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}
