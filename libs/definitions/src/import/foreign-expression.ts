/**
 * Parses the part of jq and JSONata that CEL supports: paths, literals, lists, maps, comparisons, `and`, `or`,
 * arithmetic, conditions, and functions of the dialect. Everything else has no counterpart.
 */
import { isThere, member, record, UnsupportedConstruct } from "./cel.ts";

export interface Dialect {
  /** Operator for equality. */
  readonly equals: "=" | "==";
  /** Starts of paths, and their values in CEL: `$states.input`. The longest one counts. */
  readonly roots: Readonly<Record<string, string>>;
  /** Functions on arguments in CEL. Undefined if there is no counterpart. `not` also defines `!x` and `not x`. */
  readonly functions: Readonly<Record<string, (args: readonly string[]) => string | undefined>>;
}

const token =
  /\s*(?:("(?:[^"\\]|\\["\\/bfnrt])*"|'[^'\\]*'|`[^`]*`)|(\d+(?:\.\d+)?)|(\$?[A-Za-z_]\w*)|(==|!=|<=|>=|\.\.|\/\/|:=|~>|[<>=+\-*/%()[\]{}.,:;?|&$!]))/y;

const levels = [
  ["or"],
  ["and"],
  ["=", "==", "!=", "<", "<=", ">", ">=", "in"],
  ["+", "-", "&"],
  ["*", "/", "%"],
] as const;
const depthMax = 32;

export class ExpressionReader {
  readonly #text: string;
  readonly #dialect: Dialect;
  readonly #tokens: string[] = [];
  #at = 0;
  #depth = 0;

  constructor(text: string, dialect: Dialect) {
    this.#text = text.trim();
    this.#dialect = dialect;
    token.lastIndex = 0;
    while (token.lastIndex < this.#text.length) {
      const [found] = token.exec(this.#text) ?? [];
      if (found === undefined) throw this.#problem();
      this.#tokens.push(found.trim());
    }
  }

  read(): string {
    const expression = this.#expression();
    if (this.#at < this.#tokens.length) throw this.#problem();
    return expression;
  }

  #expression(): string {
    if (++this.#depth > depthMax) throw this.#problem();
    let value = this.#level(0);
    if (this.#is("?")) {
      const then = this.#expression();
      this.#expect(":");
      value = `(${value} ? ${then} : ${this.#expression()})`;
    }
    this.#depth--;
    return value;
  }

  #level(index: number): string {
    const operators: readonly string[] | undefined = levels[index];
    if (operators === undefined) return this.#primary();
    let left = this.#level(index + 1);
    for (let next = this.#peek(); operators.includes(next); next = this.#peek()) {
      if ((next === "=" || next === "==") && next !== this.#dialect.equals) throw this.#problem();
      this.#at++;
      left = written(next, left, this.#level(index + 1));
    }
    return left;
  }

  #primary(): string {
    const next = this.#peek();
    if (this.#is("(")) {
      const inner = this.#expression();
      this.#expect(")");
      return this.#steps(`(${inner})`);
    }
    if (this.#is("[")) return `[${this.#until("]").join(", ")}]`;
    if (this.#is("{")) return this.#members();
    if (/^["']/.test(next)) return JSON.stringify(this.#identifier());
    if (/^\d/.test(next) || ["true", "false", "null"].includes(next)) {
      this.#at++;
      return next;
    }
    if (this.#is("-")) return `-${this.#nested()}`;
    const { not } = this.#dialect.functions;
    const isNot = next === "!" || (next === "not" && this.#tokens[this.#at + 1] !== "(");
    if (not !== undefined && isNot) {
      this.#at++;
      return not([this.#nested()]) ?? "";
    }
    const convert = this.#dialect.functions[next];
    if (convert !== undefined) {
      this.#at++;
      const values = this.#is("(") ? this.#until(")") : [];
      const called = convert(values);
      if (called === undefined) throw this.#problem();
      return this.#steps(called);
    }
    return this.#path();
  }

  /** Parses the operand of a prefix operator. */
  #nested(): string {
    if (++this.#depth > depthMax) throw this.#problem();
    const value = this.#primary();
    this.#depth--;
    return value;
  }

  #members(): string {
    const members: [string, string][] = [];
    while (!this.#is("}")) {
      if (members.length > 0) this.#expect(",");
      const name = this.#identifier();
      this.#expect(":");
      members.push([name, this.#expression()]);
    }
    return record(members);
  }

  /** Parses expressions that are separated by commas. */
  #until(end: string): readonly string[] {
    const values: string[] = [];
    while (!this.#is(end)) {
      if (values.length > 0) this.#expect(",");
      values.push(this.#expression());
    }
    return values;
  }

  #path(): string {
    const { roots } = this.#dialect;
    let root = "";
    let length = 0;
    for (let ahead = 1, name = this.#peek(); ahead <= 9; ahead += 2) {
      if (Object.hasOwn(roots, name)) [root, length] = [name, ahead];
      name += this.#tokens.slice(this.#at + ahead, this.#at + ahead + 2).join("");
    }
    const value = roots[root];
    if (length === 0 || value === undefined) throw this.#problem();
    this.#at += length;
    // If the root is a dot, no second dot precedes the first name.
    if (root === "." && /^[A-Za-z_"]/.test(this.#peek())) this.#at--;
    return this.#steps(value);
  }

  #steps(root: string): string {
    let value = root;
    for (;;) {
      const [next, after = ""] = [this.#peek(), this.#tokens[this.#at + 1] ?? ""];
      if (next === "." && /^[A-Za-z_"'`]/.test(after)) {
        this.#at++;
        value = member(value, this.#identifier());
      } else if (next === "." && after === "[") this.#at++;
      else if (next === "[" && /^(\d+|".*")$/.test(after) && this.#tokens[this.#at + 2] === "]") {
        value = member(value, JSON.parse(after) as string | number);
        this.#at += 3;
      } else return value;
    }
  }

  /** Parses a name, or a text in quotes. */
  #identifier(): string {
    const next = this.#tokens[this.#at++] ?? "";
    if (/^['`]/.test(next)) return next.slice(1, -1);
    if (next.startsWith('"')) return JSON.parse(next) as string;
    if (!/^[A-Za-z_]/.test(next)) throw this.#problem();
    return next;
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? "";
  }

  #is(sign: string): boolean {
    if (this.#peek() !== sign) return false;
    this.#at++;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#is(sign)) throw this.#problem();
  }

  #problem(): UnsupportedConstruct {
    return new UnsupportedConstruct(
      `the expression \`${this.#text.replace(/\s+/g, " ").slice(0, 80)}\` has no counterpart`,
    );
  }
}

function written(operator: string, left: string, right: string): string {
  if (operator === "&") return `(${asText(left)} + ${asText(right)})`;
  // CEL divides whole numbers without a remainder.
  if (operator === "/") return `(double(${left}) / double(${right}))`;
  if (operator === "%") return `(int(${left}) % int(${right}))`;
  const operators: Readonly<Record<string, string>> = { or: "||", and: "&&", "=": "==" };
  return `(${left} ${operators[operator] ?? operator} ${right})`;
}

function asText(value: string): string {
  return value.startsWith('"') || value.startsWith("(string(") ? value : `string(${value})`;
}

/** Functions of JSONata. */
export const jsonataFunctions: Dialect["functions"] = {
  $abs: ([x]) => x && `math.abs(${x})`,
  $append: ([a, b]) => a && b && `(${a} + ${b})`,
  $boolean: ([x]) => x && `bool(${x})`,
  $ceil: ([x]) => x && `math.ceil(double(${x}))`,
  $contains: ([text, part]) => text && part && `${text}.contains(${part})`,
  $count: ([x]) => x && `size(${x})`,
  // A variable that has no value yet is null.
  $exists: ([x]) => x && (/^vars\.\w+$/.test(x) ? `${x} != null` : isThere(x)),
  $floor: ([x]) => x && `math.floor(double(${x}))`,
  $join: ([list, between = '""']) => list && `${list}.join(${between})`,
  $length: ([x]) => x && `size(${x})`,
  $lowercase: ([x]) => x && `${x}.lowerAscii()`,
  $not: ([x]) => x && `!(${x})`,
  $number: ([x]) => x && `double(${x})`,
  $replace: ([text, old, fresh]) => text && old && fresh && `${text}.replace(${old}, ${fresh})`,
  $split: ([text, by]) => text && by && `${text}.split(${by})`,
  $string: ([x]) => x && `string(${x})`,
  $trim: ([x]) => x && `${x}.trim()`,
  $uppercase: ([x]) => x && `${x}.upperAscii()`,
};
