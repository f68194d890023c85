/**
 * Writes expressions of GitHub Actions in CEL: values of the matrix, of inputs and of `env`, comparisons, `&&`, `||`,
 * `!` and a few functions. Everything else has no counterpart.
 *
 * 1. Values are compared as texts, because GitHub compares `18` and `'18'` as equal.
 * 2. `always()`, `failure()` and `success()` are not values. They select the ends of earlier steps that a step accepts.
 */
import { member, template, UnsupportedConstruct } from "../cel.ts";
import { entryOf } from "../foreign-document.ts";

export interface Contexts {
  /** CEL of the matrix. Undefined in jobs without one. */
  readonly matrix: string | undefined;
  readonly matrixKeys: ReadonlySet<string>;
  /** CEL of the inputs of a manual start. */
  readonly inputs: string;
  readonly inputNames: ReadonlySet<string>;
  /** Variables whose texts are translated. */
  readonly env: Readonly<Record<string, string>>;
}

/** Condition of a step. */
export interface Condition {
  readonly after: "success" | "failure" | "always";
  /** Undefined means always. */
  readonly when: string | undefined;
}

interface Value {
  readonly cel: string;
  readonly kind: "condition" | "text" | "number" | "value";
}

const token =
  /\s*(?:('(?:[^']|'')*')|(-?\d+(?:\.\d+)?)|([A-Za-z_][\w-]*)|(&&|\|\||==|!=|<=|>=|[!<>()[\].,*]))/y;
const depthMax = 32;
const methods = { contains: "contains", startswith: "startsWith", endswith: "endsWith" };
const unknown = (text: string) =>
  new UnsupportedConstruct(
    `the expression \`${text.trim()}\` has no counterpart: replace it by an input or a value`,
  );

/** Translates a text that contains expressions. */
export function renderedText(text: string, contexts: Contexts): string {
  const parts = text.split(/(\$\{\{[\s\S]*?\}\})/);
  const isAlone = parts.filter((part) => part !== "").length === 1;
  return parts
    .map((part) => {
      if (!part.startsWith("${{")) return part;
      const inner = part.slice(3, -2).trim();
      const [, variable = ""] = /^env\.([A-Za-z_]\w*)$/.exec(inner) ?? [];
      const known = entryOf(contexts.env, variable);
      if (known !== undefined) return known;
      const { cel, kind } = new Reader(inner, contexts).read();
      return template(isAlone && kind !== "text" ? `string(${cel})` : cel);
    })
    .join("");
}

/** Translates the condition of a step or a job. */
export function conditionOf(source: unknown, contexts: Contexts): Condition {
  if (typeof source === "boolean") return { after: "success", when: String(source) };
  const text = String(source).trim();
  const [, inner = text] = /^\$\{\{([\s\S]*)\}\}$/.exec(text) ?? [];
  if (inner.includes("${{")) throw unknown(text);
  if (/^(success\(\)\s*\|\|\s*failure\(\)|failure\(\)\s*\|\|\s*success\(\))$/.test(inner.trim()))
    return { after: "always", when: undefined };
  if (!statusFunction.test(inner))
    return { after: "success", when: truth(new Reader(inner, contexts).read()) };
  // A status function determines whether the step runs at all only in a chain of `&&`.
  if (outsideOfGroups(inner).includes("||") || /'[^']*&&[^']*'/.test(inner)) throw unknown(text);
  let after: Condition["after"] = "success";
  const rest = inner
    .split("&&")
    .map((part) => part.trim())
    .filter((part) => {
      if (/^(always\(\)|!\s*cancelled\(\))$/.test(part)) after = "always";
      else if (part === "failure()") after = "failure";
      else return part !== "success()";
      return false;
    });
  if (rest.length === 0) return { after, when: undefined };
  return { after, when: truth(new Reader(rest.join(" && "), contexts).read()) };
}

const statusFunction = /\b(?:always|cancelled|failure|success)\(\)/;

/** Returns the text without literals and parentheses. */
function outsideOfGroups(text: string): string {
  let remaining = text.replace(/'(?:[^']|'')*'/g, "");
  for (let depth = 0; depth < depthMax && /\([^()]*\)/.test(remaining); depth++)
    remaining = remaining.replace(/\([^()]*\)/g, "");
  return remaining;
}

class Reader {
  readonly #text: string;
  readonly #contexts: Contexts;
  readonly #tokens: string[] = [];
  #at = 0;
  #depth = 0;

  constructor(text: string, contexts: Contexts) {
    this.#text = text;
    this.#contexts = contexts;
    token.lastIndex = 0;
    while (token.lastIndex < text.trimEnd().length) {
      const [found] = token.exec(text) ?? [];
      if (found === undefined) throw unknown(text);
      this.#tokens.push(found.trim());
    }
  }

  read(): Value {
    const value = this.#either();
    if (this.#at < this.#tokens.length) throw unknown(this.#text);
    return value;
  }

  #either(): Value {
    if (++this.#depth > depthMax) throw unknown(this.#text);
    let left = this.#both();
    while (this.#is("||")) {
      const right = this.#both();
      left = { kind: "condition", cel: `(${truth(left)} || ${truth(right)})` };
    }
    this.#depth--;
    return left;
  }

  #both(): Value {
    let left = this.#compared();
    while (this.#is("&&")) {
      const right = this.#compared();
      // `a && 'x' || 'y'` chooses a value.
      if (right.kind === "text" && right.cel !== '""' && this.#is("||")) {
        const other = this.#compared();
        return { kind: other.kind, cel: `(${truth(left)} ? ${right.cel} : ${other.cel})` };
      }
      left = { kind: "condition", cel: `(${truth(left)} && ${truth(right)})` };
    }
    return left;
  }

  #compared(): Value {
    const left = this.#primary();
    const operator = this.#tokens[this.#at] ?? "";
    if (!["==", "!=", "<", ">", "<=", ">="].includes(operator)) return left;
    this.#at++;
    const right = this.#primary();
    const written = operator.endsWith("=") && /^[=!]/.test(operator) ? textOf : numberOf;
    return { kind: "condition", cel: `(${written(left)} ${operator} ${written(right)})` };
  }

  #primary(): Value {
    const next = this.#tokens[this.#at++] ?? "";
    if (next === "!") return { kind: "condition", cel: `!${truth(this.#nested())}` };
    if (next === "(") {
      const inner = this.#either();
      this.#expect(")");
      return inner;
    }
    if (next.startsWith("'"))
      return { kind: "text", cel: JSON.stringify(next.slice(1, -1).replaceAll("''", "'")) };
    if (/^-?\d/.test(next)) return { kind: "number", cel: next };
    if (next === "true" || next === "false") return { kind: "condition", cel: next };
    if (this.#is("(")) return this.#called(next);
    return this.#found(next);
  }

  /** Parses the operand of a prefix operator. */
  #nested(): Value {
    if (++this.#depth > depthMax) throw unknown(this.#text);
    const value = this.#primary();
    this.#depth--;
    return value;
  }

  #called(name: string): Value {
    const args: Value[] = [];
    while (!this.#is(")")) {
      if (args.length > 0) this.#expect(",");
      args.push(this.#either());
    }
    const [one, other] = args;
    const method = entryOf(methods, name.toLowerCase());
    if (method === undefined || one === undefined || other === undefined) throw unknown(this.#text);
    return { kind: "condition", cel: `${textOf(one)}.${method}(${textOf(other)})` };
  }

  #found(context: string): Value {
    const { matrix, matrixKeys, inputs, inputNames, env } = this.#contexts;
    const path = this.#path();
    const [first = "", ...rest] = path;
    if (context === "matrix" && matrix !== undefined && matrixKeys.has(first))
      return { kind: "value", cel: path.reduce(member, matrix) };
    const isEvent = context === "github" && path.slice(0, 2).join(".") === "event.inputs";
    const input = isEvent ? path.slice(2) : path;
    const [name = ""] = input;
    if ((context === "inputs" || isEvent) && input.length === 1 && inputNames.has(name))
      return { kind: "value", cel: member(inputs, name) };
    const variable = context === "env" && rest.length === 0 ? entryOf(env, first) : undefined;
    if (variable !== undefined && !variable.includes("${{"))
      return { kind: "text", cel: JSON.stringify(variable) };
    throw unknown(this.#text);
  }

  #path(): readonly string[] {
    const path: string[] = [];
    for (;;) {
      if (this.#is(".")) path.push(this.#tokens[this.#at++] ?? "");
      else if (this.#is("[")) {
        const key = this.#tokens[this.#at++] ?? "";
        if (!key.startsWith("'")) throw unknown(this.#text);
        path.push(key.slice(1, -1));
        this.#expect("]");
      } else return path;
    }
  }

  #is(sign: string): boolean {
    if (this.#tokens[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#is(sign)) throw unknown(this.#text);
  }
}

function truth({ cel, kind }: Value): string {
  return kind === "condition" ? cel : `!(string(${cel}) in ["", "0", "false"])`;
}

function textOf({ cel, kind }: Value): string {
  if (kind === "text") return cel;
  return kind === "number" ? JSON.stringify(cel) : `string(${cel})`;
}

function numberOf({ cel, kind }: Value): string {
  return kind === "number" && cel.includes(".") ? cel : `double(${cel})`;
}
