/**
 * Translates expressions of n8n (JavaScript in `{{ }}`) to CEL.
 *
 * 1. The result is that of JavaScript, or the expression has no counterpart. It fails at run time for values for which
 *    the results would differ.
 * 2. A missing member is `undefined` in JavaScript. Here it fails, except before `??`, `||` and in comparisons with
 *    `null` and `undefined`.
 * 3. A value of the data may have any type. Parts that depend on the type test it.
 */
import { isThere, member, record, UnsupportedConstruct } from "../cel.ts";
import { entryOf } from "../foreign-document.ts";
import { callMethod, callTimeMethod, lengthOf } from "./methods.ts";
import { startTime, type Zone } from "./time.ts";
import { type Argument, bind, fails, isScalar, type Note, quoted, type Value } from "./value.ts";

/** What an expression reads from its workflow. */
export interface Surroundings {
  /** Roots of paths, such as `$json`. */
  readonly roots: Readonly<Record<string, string>>;
  readonly zone: () => Zone;
  /** Item of another node. */
  readonly itemOf: (node: string, which: "first" | "last" | "item") => string;
  readonly variable: (name: string) => string;
  /** Lists a part whose result can differ. */
  readonly note: Note;
}

const token =
  /\s*(?:"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'|`[^`\\$]*`|\d+(?:\.\d+)?(?![\w.])|[A-Za-z_$][\w$]*|===|!==|==|!=|<=|>=|=>|&&|\|\||\?\?|\?\.|[<>+\-*/%()[\]{}.,:?!])/y;
const levels = [
  ["||", "??"],
  ["&&"],
  ["===", "!==", "==", "!="],
  ["<", "<=", ">", ">="],
  ["+", "-"],
  ["*", "/", "%"],
];
const depthMax = 32;
const callsMax = 50;
const lengthMax = 8_000;

export class N8nExpressionReader {
  readonly #text: string;
  readonly #with: Surroundings;
  readonly #tokens: string[] = [];
  #at = 0;
  #depth = 0;
  #calls = 0;

  constructor(text: string, surroundings: Surroundings) {
    this.#text = text.trim();
    this.#with = surroundings;
    token.lastIndex = 0;
    while (token.lastIndex < this.#text.length) {
      const [found] = token.exec(this.#text) ?? [];
      if (found === undefined) throw this.#problem();
      this.#tokens.push(found.trim());
    }
  }

  /** Returns the value of the expression. A time becomes its text. */
  read(): Value {
    try {
      const value = this.#expression();
      if (this.#at < this.#tokens.length) throw this.#problem();
      const read = value.kind === "time" ? this.#textOf(value) : value;
      if (read.kind === "undefined") throw this.#problem("`undefined` is no value of JSON");
      if (read.cel.length > lengthMax) throw this.#problem("it is too long");
      return read;
    } catch (error) {
      if (error instanceof UnsupportedConstruct && !error.message.startsWith("the expression"))
        throw this.#problem(error.message);
      throw error;
    }
  }

  /** Returns the text of a value. Fails for null, lists and maps. */
  #textOf(value: Value): Value {
    const { cel, kind } = value;
    if (kind === "text") return value;
    if (kind === "time") return { cel: this.#with.zone().text(cel), kind: "text" };
    if (kind === "any" || isScalar(value)) return { cel: `string(${cel})`, kind: "text" };
    throw this.#problem("the text of a value that has none in Tutti");
  }

  #expression(): Value {
    if (++this.#depth > depthMax) throw this.#problem();
    let value = this.#level(0);
    if (this.#is("?")) {
      if (value.kind !== "bool" && value.kind !== "any") throw this.#problem("the condition is no boolean");
      const then = this.#expression();
      this.#expect(":");
      const other = this.#expression();
      if (then.kind === "time" || other.kind === "time") throw this.#problem("a choice between times");
      const kind = then.kind === other.kind ? then.kind : "any";
      value = { cel: `(${value.cel} ? ${dynamic(then, kind)} : ${dynamic(other, kind)})`, kind };
    }
    this.#depth--;
    return value;
  }

  #level(index: number): Value {
    const operators = levels[index];
    if (operators === undefined) return this.#unary();
    let left = this.#level(index + 1);
    for (let next = this.#peek(); operators.includes(next); next = this.#peek()) {
      this.#at++;
      left = this.#binary(next, left, this.#level(index + 1));
      if (left.cel.length > lengthMax) throw this.#problem("it is too long");
    }
    return left;
  }

  #unary(): Value {
    const next = this.#peek();
    if (next !== "!" && next !== "-") return this.#steps(this.#primary());
    if (++this.#depth > depthMax) throw this.#problem();
    this.#at++;
    const value = this.#unary();
    this.#depth--;
    const fitting = next === "!" ? "bool" : "number";
    if (value.kind !== fitting && value.kind !== "any") throw this.#problem(`\`${next}\` of another value`);
    const literal = -Number(value.literal);
    if (next === "-" && value.literal !== undefined) return { cel: String(literal), kind: "number", literal };
    return { cel: /^[a-z]/.test(value.cel) ? `${next}${value.cel}` : `${next}(${value.cel})`, kind: fitting };
  }

  #binary(operator: string, left: Value, right: Value): Value {
    const isBoth = (kind: string) => left.kind === kind && right.kind === kind;
    const times = [left, right].filter(({ kind }) => kind === "time").length;
    switch (operator) {
      case "&&":
      case "||":
      case "??":
        if (isBoth("bool") && operator !== "??")
          return { cel: `(${left.cel} ${operator} ${right.cel})`, kind: "bool" };
        if (operator === "&&" || times > 0)
          throw this.#problem(`\`${operator}\` of other values than booleans`);
        return orElse(left, right, operator === "||" ? '[null, "", 0, false]' : "[null]");
      case "===":
      case "!==":
      case "==":
      case "!=": {
        if (times > 0) throw this.#problem("JavaScript compares times by identity");
        const equal = equality(left, right, operator.length === 2);
        return { cel: operator.startsWith("!") ? `!${equal}` : equal, kind: "bool" };
      }
      case "+":
        if (times > 0 || left.kind === "text" || right.kind === "text")
          return { cel: `(${this.#textOf(left).cel} + ${this.#textOf(right).cel})`, kind: "text" };
        return this.#computed(operator, left, right);
      case "<":
      case "<=":
      case ">":
      case ">=":
        if (
          times === 1 ||
          [left, right].some(({ kind }) => !["any", "number", "text", "time"].includes(kind))
        )
          throw this.#problem("it compares values of two types");
        return { cel: `(${left.cel} ${operator} ${right.cel})`, kind: "bool" };
      default:
        return this.#computed(operator, left, right);
    }
  }

  #computed(operator: string, left: Value, right: Value): Value {
    if ([left, right].some(({ kind }) => kind !== "number" && kind !== "any"))
      throw this.#problem(`\`${operator}\` of other values than numbers`);
    const kind = operator === "+" && (left.kind === "any" || right.kind === "any") ? "any" : "number";
    // CEL divides whole numbers without a remainder, and has no remainder of fractions.
    if (operator === "/") return { cel: `(double(${left.cel}) / double(${right.cel}))`, kind };
    if (operator !== "%") return { cel: `(${left.cel} ${operator} ${right.cel})`, kind };
    const rest = bind("r", `double(${right.cel})`, "l - r * math.trunc(l / r)");
    return { cel: bind("l", `double(${left.cel})`, rest), kind };
  }

  #primary(): Value {
    const next = this.#peek();
    this.#at++;
    if (next === "(") {
      const inner = this.#expression();
      this.#expect(")");
      return { ...inner, cel: `(${inner.cel})` };
    }
    if (next === "[") {
      const items = this.#until("]");
      return { cel: `[${items.map((each) => this.#item(each)).join(", ")}]`, kind: "list" };
    }
    if (next === "{") return this.#members();
    if (/^["'`]/.test(next)) {
      const literal = unescaped(next);
      return { cel: quoted(literal), kind: "text", literal };
    }
    if (/^\d/.test(next)) return { cel: next, kind: "number", literal: Number(next) };
    if (next === "true" || next === "false") return { cel: next, kind: "bool", literal: next === "true" };
    if (next === "null" || next === "undefined") return { cel: "null", kind: next };
    if (next === "$now" || next === "$today") return this.#time(next);
    if (next === "$" && this.#is("(")) return this.#node();
    if (next === "$vars" && this.#is(".")) return { cel: this.#with.variable(this.#name()), kind: "any" };
    return this.#path(next);
  }

  #item(value: Value): string {
    return value.kind === "time" ? this.#textOf(value).cel : value.cel;
  }

  #members(): Value {
    const members: [string, string][] = [];
    while (!this.#is("}")) {
      if (members.length > 0) this.#expect(",");
      const next = this.#peek();
      const name = /^["'`]/.test(next) ? unescaped(this.#tokens[this.#at++] ?? "") : this.#name();
      this.#expect(":");
      members.push([name, this.#item(this.#expression())]);
    }
    return { cel: record(members), kind: "map" };
  }

  #time(name: string): Value {
    this.#with.note(name, "an expression has the time at which the run started, not the current one");
    return { cel: name === "$now" ? startTime : this.#with.zone().midnight(startTime), kind: "time" };
  }

  #node(): Value {
    const name = unescaped(this.#peek());
    if (!/^["'`]/.test(this.#peek())) throw this.#problem("the name of the node is computed");
    this.#at++;
    this.#expect(")");
    this.#expect(".");
    const which = this.#name();
    if (which !== "first" && which !== "last" && which !== "item")
      throw this.#problem(`\`${which}\` of a node has no counterpart`);
    if (which !== "item") {
      this.#expect("(");
      this.#expect(")");
    }
    this.#expect(".");
    if (this.#name() !== "json") throw this.#problem("only `json` of an item has a counterpart");
    return { cel: this.#with.itemOf(name, which), kind: "any" };
  }

  #path(first: string): Value {
    let name = first;
    let [found, length] = ["", 0];
    for (let ahead = 0; ahead <= 8; ahead += 2) {
      if (Object.hasOwn(this.#with.roots, name)) [found, length] = [name, ahead];
      name += this.#tokens.slice(this.#at + ahead, this.#at + ahead + 2).join("");
    }
    const value = entryOf(this.#with.roots, found);
    if (value === undefined) throw this.#problem();
    this.#at += length;
    return { cel: value, kind: value.startsWith('"') ? "text" : "any" };
  }

  #steps(root: Value): Value {
    let value = root;
    for (;;) {
      const [next, after = "", behind = ""] = this.#tokens.slice(this.#at, this.#at + 3);
      if (next === "." && /^[A-Za-z_$]/.test(after)) {
        this.#at += 2;
        value = behind === "(" ? this.#call(value, after) : this.#member(value, after);
      } else if (next === "[" && /^(?:\d+$|["'])/.test(after) && behind === "]") {
        this.#at += 3;
        value = this.#member(value, /^\d/.test(after) ? Number(after) : unescaped(after));
      } else return value;
    }
  }

  #member(value: Value, key: string | number): Value {
    if (key === "length") return lengthOf(value);
    if (value.kind === "time") throw this.#problem(`\`${key}\` of a time has no counterpart`);
    if (!["any", "map", "list", "texts"].includes(value.kind))
      throw this.#problem(`\`${key}\` of a value that has no members`);
    return {
      cel: member(value.cel, key),
      kind: value.kind === "texts" && typeof key === "number" ? "text" : "any",
    };
  }

  #call(value: Value, name: string): Value {
    if (++this.#calls > callsMax) throw this.#problem("it has too many calls");
    this.#expect("(");
    const args: Argument[] = [];
    while (!this.#is(")")) {
      if (args.length > 0) this.#expect(",");
      args.push(this.#argument());
    }
    const found =
      value.kind === "time"
        ? callTimeMethod(value, name, args, this.#with.zone)
        : callMethod(value, name, args, this.#with.note);
    if (found === undefined) throw this.#problem(`\`${name}\` with these arguments has no counterpart`);
    return found;
  }

  /** Parses an argument. `{ days: 7 }` has amounts, by unit. */
  #argument(): Argument {
    const start = this.#at;
    const value = this.#expression();
    if (value.kind !== "map") return value;
    const text = this.#tokens.slice(start, this.#at).join("");
    if (!/^\{(?:[a-z]+:-?\d+(?:\.\d+)?,?)*\}$/.test(text)) return value;
    const amounts = [...text.matchAll(/([a-z]+):(-?[\d.]+)/g)].map(
      ([, unit = "", amount]): [string, number] => [unit, Number(amount)],
    );
    return { ...value, amounts: new Map(amounts) };
  }

  #until(end: string): readonly Value[] {
    const values: Value[] = [];
    while (!this.#is(end)) {
      if (values.length > 0) this.#expect(",");
      values.push(this.#expression());
    }
    return values;
  }

  #name(): string {
    const next = this.#tokens[this.#at++] ?? "";
    if (!/^[A-Za-z_$]/.test(next)) throw this.#problem();
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

  #problem(why?: string): UnsupportedConstruct {
    const text = this.#text.replace(/\s+/g, " ").slice(0, 80);
    return new UnsupportedConstruct(
      `the expression \`${text}\` has no counterpart${why === undefined ? "" : `: ${why}`}`,
    );
  }
}

/** Returns a branch of a choice. Branches of two types need one without a type. */
function dynamic({ cel, kind }: Value, common: string): string {
  return kind === common && kind !== "any" ? cel : `dyn(${cel})`;
}

/** Returns the check that a value exists. Undefined if it always does. */
function thereOf({ cel, kind }: Value): string | undefined {
  return kind === "any" ? isThere(cel) : undefined;
}

/** Returns the left value. If it is one of `others`, returns the right value. */
function orElse(left: Value, right: Value, others: string): Value {
  const there = thereOf(left);
  const test = `v in dyn(${others}) ? dyn(${right.cel}) : v`;
  const found = bind("v", `dyn(${left.cel})`, test);
  return { cel: there === undefined ? found : `(${there} ? ${found} : dyn(${right.cel}))`, kind: "any" };
}

function equality(left: Value, right: Value, isLoose: boolean): string {
  const isNothing = ({ kind }: Value) => kind === "null" || kind === "undefined";
  if (isNothing(left) || isNothing(right)) {
    const [nothing, value] = isNothing(left) ? [left, right] : [right, left];
    const there = thereOf(value);
    const isNull = `dyn(${value.cel}) == null`;
    const isMissing = there === undefined ? "false" : `!(${there})`;
    if (nothing.kind === "undefined" && !isLoose) return `(${isMissing})`;
    return there === undefined || !isLoose ? `(${isNull})` : `(${isMissing} || ${isNull})`;
  }
  const plain = `(${comparable(left, right)} == ${comparable(right, left)})`;
  if (!isLoose || (isScalar(left) && left.kind === right.kind)) return plain;
  const known = isScalar(left) ? left : isScalar(right) ? right : undefined;
  // A text that is no number differs from each number and boolean.
  if (known?.kind === "text" && typeof known.literal === "string" && Number.isNaN(Number(known.literal)))
    return plain;
  const type = { text: "type(r) == string", number: "type(r) in [int, double]", bool: "type(r) == bool" };
  const isSame =
    known === undefined
      ? "type(l) == type(r) || l == null || r == null"
      : `${type[known.kind as "text"]} || r == null`;
  const [one, other] = known === right ? [right, left] : [left, right];
  const test = `${isSame} ? l == r : ${fails("== of values of two types")}`;
  return bind("l", `dyn(${one.cel})`, bind("r", `dyn(${other.cel})`, test));
}

/** CEL compares values of two known types only without their types. */
function comparable(value: Value, other: Value): string {
  return value.kind !== other.kind && value.kind !== "any" && other.kind !== "any"
    ? `dyn(${value.cel})`
    : value.cel;
}

function unescaped(text: string): string {
  const letters: Readonly<Record<string, string>> = {
    n: "\n",
    t: "\t",
    r: "\r",
    b: "\b",
    f: "\f",
    v: "\v",
    "\n": "",
  };
  return text
    .slice(1, -1)
    .replace(/\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([\s\S]))/g, (_, long, short, letter) =>
      letter === undefined
        ? String.fromCharCode(Number.parseInt(long ?? short, 16))
        : (letters[letter] ?? letter),
    );
}
