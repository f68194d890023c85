/**
 * Parses the part of jq that CEL supports: paths, literals, objects and lists, operators, `//`, `if`, pipes, texts with
 * values in them, and common functions. A missing member is null, as in jq. Everything else has no counterpart.
 */
import { member, merged, record, UnsupportedConstruct } from "./cel.ts";

interface Value {
  readonly cel: string;
  readonly isBool?: boolean;
  readonly isNullable?: boolean;
  readonly isObject?: boolean;
  /** A sequence of values, such as `.[]`. */
  readonly isStream?: boolean;
}

export interface JqOptions {
  /** Value of `.`. */
  readonly dot: string;
  /** Variables: `$input`, `$workflow.id`. The longest one counts. */
  readonly names: Readonly<Record<string, string>>;
}

const depthMax = 32;
const name = /[A-Za-z_]\w*/y;

export class JqReader {
  readonly #text: string;
  readonly #o: JqOptions;
  #at = 0;
  #depth = 0;

  constructor(text: string, options: JqOptions) {
    this.#text = text;
    this.#o = options;
  }

  value(): string {
    const value = this.#pipe({ cel: this.#o.dot });
    this.#blanks();
    if (this.#at < this.#text.length || value.isStream) throw this.#problem();
    return value.cel;
  }

  condition(): string {
    const value = this.#pipe({ cel: this.#o.dot });
    this.#blanks();
    if (this.#at < this.#text.length || value.isStream) throw this.#problem();
    return truth(value);
  }

  #pipe(dot: Value): Value {
    if (++this.#depth > depthMax) throw this.#problem();
    let value = this.#alternative(dot);
    while (this.#is("|")) {
      if (!value.isStream) value = this.#alternative(value);
      else if (this.#keyword("select")) {
        this.#expect("(");
        const condition = truth(this.#pipe({ cel: "e" }));
        this.#expect(")");
        value = { cel: `${value.cel}.filter(e, ${condition})`, isStream: true };
      } else value = { cel: `${value.cel}.map(e, ${this.#single({ cel: "e" }).cel})`, isStream: true };
    }
    this.#depth--;
    return value;
  }

  /** Parses the right side of an operator that chains from right to left. */
  #nested(parse: () => Value): Value {
    if (++this.#depth > depthMax) throw this.#problem();
    const value = parse();
    this.#depth--;
    return value;
  }

  #single(dot: Value): Value {
    const value = this.#alternative(dot);
    if (value.isStream) throw this.#problem();
    return value;
  }

  #alternative(dot: Value): Value {
    const left = this.#or(dot);
    if (!this.#is("//")) return left;
    const right = this.#nested(() => this.#alternative(dot));
    return { cel: `(${left.cel} in [null, false] ? ${right.cel} : ${left.cel})` };
  }

  #or(dot: Value): Value {
    let left = this.#and(dot);
    while (this.#keyword("or")) left = bool(`(${truth(left)} || ${truth(this.#and(dot))})`);
    return left;
  }

  #and(dot: Value): Value {
    let left = this.#compared(dot);
    while (this.#keyword("and")) left = bool(`(${truth(left)} && ${truth(this.#compared(dot))})`);
    return left;
  }

  #compared(dot: Value): Value {
    const left = this.#sum(dot);
    const operator = ["==", "!=", "<=", ">=", "<", ">"].find((each) => this.#is(each));
    if (operator === undefined) return left;
    const test = `${left.cel} ${operator} ${this.#sum(dot).cel}`;
    if (!left.isNullable || operator === "==" || operator === "!=") return bool(`(${test})`);
    // Null is less than every other value.
    return bool(
      operator.startsWith("<") ? `(${left.cel} == null || ${test})` : `(${left.cel} != null && ${test})`,
    );
  }

  #sum(dot: Value): Value {
    let left = this.#product(dot);
    for (;;) {
      if (this.#is("+")) left = sum(left, this.#product(dot));
      else if (this.#is("-")) left = { cel: `(${left.cel} - ${this.#product(dot).cel})` };
      else return left;
    }
  }

  #product(dot: Value): Value {
    let left = this.#term(dot);
    for (;;) {
      if (this.#is("*")) left = { cel: `(${left.cel} * ${this.#term(dot).cel})` };
      else if (!this.#startsWith("//") && this.#is("/"))
        left = { cel: `(double(${left.cel}) / double(${this.#term(dot).cel}))` };
      else if (this.#is("%")) left = { cel: `(int(${left.cel}) % int(${this.#term(dot).cel}))` };
      else return left;
    }
  }

  #term(dot: Value): Value {
    if (this.#is("(")) {
      const value = this.#pipe(dot);
      this.#expect(")");
      return this.#steps(value);
    }
    if (this.#is("[")) return this.#list(dot);
    if (this.#is("{")) return this.#object(dot);
    if (this.#startsWith('"')) return { cel: this.#string(dot) };
    if (this.#is("-")) return { cel: `-${this.#nested(() => this.#term(dot)).cel}` };
    const number = this.#match(/\d+(?:\.\d+)?/y);
    if (number !== undefined) return { cel: number };
    if (this.#is("$")) return this.#variable();
    if (this.#startsWith("..")) throw this.#problem();
    if (this.#is(".")) {
      if (this.#startsWith('"') || this.#nameFollows()) this.#at--;
      return this.#steps(dot);
    }
    const identifier = this.#match(name);
    return this.#steps(this.#called(identifier ?? "", dot));
  }

  #variable(): Value {
    let found = `$${this.#match(name) ?? ""}`;
    const { names } = this.#o;
    while (!Object.hasOwn(names, found) && Object.keys(names).some((each) => each.startsWith(`${found}.`))) {
      this.#expect(".");
      found += `.${this.#match(name) ?? ""}`;
    }
    const cel = names[found];
    if (cel === undefined) throw this.#problem();
    return this.#steps({ cel, isNullable: cel.startsWith("vars.") });
  }

  /** Parses members and elements after a value. */
  #steps(from: Value): Value {
    const guards: string[] = [];
    let [value, isNullable] = [from.cel, from.isNullable === true];
    const finish = (): Value => ({
      ...from,
      cel: guards.length === 0 ? value : `(${guards.join(" && ")} ? ${value} : null)`,
      ...(guards.length > 0 && { isNullable: true, isBool: false, isObject: false }),
    });
    for (;;) {
      this.#is("?");
      const isDot = this.#startsWith(".") && !this.#startsWith("..");
      if (isDot) this.#is(".");
      const isBracket = this.#is("[");
      if (!isDot && !isBracket) return finish();
      if (isBracket && this.#is("]")) return this.#stream(finish());
      const index = isBracket ? this.#match(/\s*\d+(?=\s*\])/y) : undefined;
      if (isNullable) guards.push(`${value} != null`);
      isNullable = true;
      if (index !== undefined) {
        guards.push(`size(${value}) > ${Number(index)}`);
        value = member(value, Number(index));
      } else {
        const key = this.#startsWith('"')
          ? (JSON.parse(this.#string({ cel: "" })) as string)
          : this.#match(name);
        if (key === undefined || (isBracket && !this.#startsWith("]"))) throw this.#problem();
        guards.push(`${JSON.stringify(key)} in ${value}`);
        value = member(value, key);
      }
      if (isBracket) this.#expect("]");
    }
  }

  #stream(list: Value): Value {
    const all = {
      cel: list.isNullable ? `(${list.cel} == null ? [] : ${list.cel})` : list.cel,
      isStream: true,
    };
    const each = this.#steps({ cel: "e" });
    return each.cel === "e" ? all : { ...all, cel: `${all.cel}.map(e, ${each.cel})` };
  }

  #list(dot: Value): Value {
    if (this.#is("]")) return { cel: "[]" };
    const values: string[] = [];
    do {
      const value = this.#pipe(dot);
      if (value.isStream && (values.length > 0 || this.#startsWith(","))) throw this.#problem();
      if (value.isStream) {
        this.#expect("]");
        return this.#steps({ cel: value.cel });
      }
      values.push(value.cel);
    } while (this.#is(","));
    this.#expect("]");
    return this.#steps({ cel: `[${values.join(", ")}]` });
  }

  #object(dot: Value): Value {
    const members: [string, string][] = [];
    while (!this.#is("}")) {
      if (members.length > 0) this.#expect(",");
      if (this.#is("$")) {
        const key = this.#match(name) ?? "";
        members.push([key, this.#o.names[`$${key}`] ?? ""]);
        continue;
      }
      const key = this.#startsWith('"')
        ? (JSON.parse(this.#string({ cel: "" })) as string)
        : this.#match(name);
      if (key === undefined) throw this.#problem();
      if (this.#is(":")) members.push([key, this.#single(dot).cel]);
      else members.push([key, `(${JSON.stringify(key)} in ${dot.cel} ? ${member(dot.cel, key)} : null)`]);
    }
    return this.#steps({ cel: record(members), isObject: true });
  }

  /** Parses a text. `\( )` contains a value. */
  #string(dot: Value): string {
    this.#expect('"');
    const parts: string[] = [];
    let text = "";
    for (;;) {
      const sign = this.#text[this.#at++];
      if (sign === undefined) throw this.#problem();
      if (sign === '"') break;
      if (sign === "\\" && this.#text[this.#at] === "(") {
        this.#at++;
        if (text !== "") parts.push(JSON.stringify(unescaped(text)));
        text = "";
        const value = this.#pipe(dot);
        if (value.isStream) throw this.#problem();
        parts.push(
          value.isNullable
            ? `(${value.cel} == null ? "null" : string(${value.cel}))`
            : `string(${value.cel})`,
        );
        this.#expect(")");
      } else text += sign === "\\" ? sign + (this.#text[this.#at++] ?? "") : sign;
    }
    if (text !== "" || parts.length === 0) parts.push(JSON.stringify(unescaped(text)));
    return parts.length === 1 ? (parts[0] ?? "") : `(${parts.join(" + ")})`;
  }

  #called(identifier: string, dot: Value): Value {
    if (identifier === "if") return this.#if(dot);
    if (["true", "false"].includes(identifier)) return bool(identifier);
    if (identifier === "null") return { cel: "null", isNullable: true };
    const plain = functions.get(identifier);
    if (plain !== undefined) return plain(dot);
    if (!this.#is("(")) throw this.#problem();
    const result = this.#withArgument(identifier, dot);
    this.#expect(")");
    return result;
  }

  #withArgument(identifier: string, { cel }: Value): Value {
    if (identifier === "map" && this.#keyword("select")) {
      this.#expect("(");
      const condition = truth(this.#pipe({ cel: "e" }));
      this.#expect(")");
      return { cel: `${cel}.filter(e, ${condition})` };
    }
    if (identifier === "map") return { cel: `${cel}.map(e, ${this.#pipe({ cel: "e" }).cel})` };
    if (identifier === "any") return bool(`${cel}.exists(e, ${truth(this.#pipe({ cel: "e" }))})`);
    if (identifier === "all") return bool(`${cel}.all(e, ${truth(this.#pipe({ cel: "e" }))})`);
    const argument = this.#pipe({ cel }).cel;
    if (identifier === "has") return bool(`(${argument} in ${cel})`);
    if (identifier === "startswith") return bool(`${cel}.startsWith(${argument})`);
    if (identifier === "endswith") return bool(`${cel}.endsWith(${argument})`);
    if (identifier === "test") return bool(`${cel}.matches(${argument})`);
    if (identifier === "split") return { cel: `${cel}.split(${argument})` };
    if (identifier === "join") return { cel: `${cel}.join(${argument})` };
    throw this.#problem();
  }

  #if(dot: Value): Value {
    const condition = truth(this.#pipe(dot));
    if (!this.#keyword("then")) throw this.#problem();
    const then = this.#pipe(dot).cel;
    if (this.#keyword("elif")) return { cel: `(${condition} ? ${then} : ${this.#if(dot).cel})` };
    const otherwise = this.#keyword("else") ? this.#pipe(dot).cel : dot.cel;
    if (!this.#keyword("end")) throw this.#problem();
    return { cel: `(${condition} ? ${then} : ${otherwise})` };
  }

  #blanks(): void {
    this.#match(/\s+/y);
  }

  #match(form: RegExp): string | undefined {
    const sticky = new RegExp(form.source, "y");
    if (!form.source.startsWith("\\s")) {
      const blanks = /\s*/y;
      blanks.lastIndex = this.#at;
      blanks.exec(this.#text);
      sticky.lastIndex = blanks.lastIndex;
    } else sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text)?.[0];
    if (found !== undefined) this.#at = sticky.lastIndex;
    return found;
  }

  #nameFollows(): boolean {
    return /^[A-Za-z_]/.test(this.#text.slice(this.#at));
  }

  #startsWith(sign: string): boolean {
    return this.#text.slice(this.#at).trimStart().startsWith(sign);
  }

  #is(sign: string): boolean {
    if (!this.#startsWith(sign)) return false;
    this.#at = this.#text.indexOf(sign, this.#at) + sign.length;
    return true;
  }

  #keyword(keyword: string): boolean {
    const rest = this.#text.slice(this.#at).trimStart();
    if (!rest.startsWith(keyword) || /\w/.test(rest[keyword.length] ?? "")) return false;
    return this.#is(keyword);
  }

  #expect(sign: string): void {
    if (!this.#is(sign)) throw this.#problem();
  }

  #problem(): UnsupportedConstruct {
    const excerpt = this.#text.trim().replace(/\s+/g, " ").slice(0, 80);
    return new UnsupportedConstruct(`the expression \`${excerpt}\` has no counterpart`);
  }
}

const functions = new Map<string, (dot: Value) => Value>(
  Object.entries({
    ascii_downcase: ({ cel }) => ({ cel: `${cel}.lowerAscii()` }),
    ascii_upcase: ({ cel }) => ({ cel: `${cel}.upperAscii()` }),
    ceil: ({ cel }) => ({ cel: `math.ceil(double(${cel}))` }),
    first: ({ cel }) => ({ cel: `(size(${cel}) > 0 ? ${cel}[0] : null)`, isNullable: true }),
    floor: ({ cel }) => ({ cel: `math.floor(double(${cel}))` }),
    keys: ({ cel }) => ({ cel: `${cel}.map(k, k).sort()` }),
    last: ({ cel }) => ({ cel: `(size(${cel}) > 0 ? ${cel}[size(${cel}) - 1] : null)`, isNullable: true }),
    length: ({ cel, isNullable }) => ({
      cel: isNullable ? `(${cel} == null ? 0 : size(${cel}))` : `size(${cel})`,
    }),
    not: (dot) => bool(`!(${truth(dot)})`),
    sort: ({ cel }) => ({ cel: `${cel}.sort()` }),
    tonumber: ({ cel }) => ({ cel: `double(${cel})` }),
    tostring: ({ cel }) => ({ cel: `string(${cel})` }),
  }),
);

function bool(cel: string): Value {
  return { cel, isBool: true };
}

/** Converts to a boolean: every value except null and false is true. */
function truth({ cel, isBool, isStream }: Value): string {
  if (isStream) throw new UnsupportedConstruct("a condition of many values has no counterpart");
  return isBool ? cel : `!(${cel} in [null, false])`;
}

/** The sum of null and a value is the value. The sum of two objects has the members of both. */
function sum(left: Value, right: Value): Value {
  const isObject = left.isObject === true || right.isObject === true;
  let cel = isObject ? merged(left.cel, right.cel) : `(${left.cel} + ${right.cel})`;
  if (right.isNullable) cel = `(${right.cel} == null ? ${left.cel} : ${cel})`;
  if (left.isNullable) cel = `(${left.cel} == null ? ${right.cel} : ${cel})`;
  return { cel, isObject };
}

function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text.replaceAll("\n", "\\n").replaceAll("\t", "\\t")}"`) as string;
  } catch {
    throw new UnsupportedConstruct(`the text \`${text.slice(0, 60)}\` has no counterpart`);
  }
}

/** Returns whether a text is a jq expression: `${ .a }`. */
export function isJq(text: string): boolean {
  return /^\s*\$\{[\s\S]*\}\s*$/.test(text);
}
