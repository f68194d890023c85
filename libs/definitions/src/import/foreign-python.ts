/**
 * Parser for the part of Python that files of definitions use: statements with their blocks, and expressions of names,
 * literals, calls, members and operators. It runs no code. Other expressions are `other`, with their text.
 */
import { NotImported, requireSize } from "./imported.ts";

export interface Argument {
  /** Empty for an argument without a name. */
  readonly name: string;
  readonly value: Expression;
  readonly line: number;
  isRead: boolean;
}

export interface Expression {
  readonly kind:
    | "name"
    | "text"
    | "number"
    | "constant"
    | "list"
    | "map"
    | "call"
    | "member"
    | "item"
    | "binary"
    | "other";
  readonly line: number;
  /** A name, a text, a number, the name of a member, or an operator. */
  readonly text: string;
  /** Items of a list, keys and values of a map in turn, or both sides of an operator. */
  readonly parts: readonly Expression[];
  /** Called expression, or the owner of the member or item. */
  readonly of?: Expression;
  readonly args: readonly Argument[];
}

export interface Statement {
  readonly line: number;
  /** `assign`, `expression`, `with`, `def`, or the first word of another statement. */
  readonly kind: string;
  /** Assigned names, or the name of a function. */
  readonly names: readonly string[];
  /** The value, the decorators of a function, or the expressions of `with`. */
  readonly values: readonly Expression[];
  readonly body: readonly Statement[];
  readonly text: string;
}

interface Token {
  readonly text: string;
  readonly kind: "name" | "number" | "text" | "sign";
  readonly line: number;
  readonly value: string;
  /** Whether it is an f-string or a bytes literal. */
  readonly isOther?: boolean;
}

interface Line {
  readonly tokens: readonly Token[];
  readonly indent: number;
  readonly line: number;
}

const tokenForm =
  /([A-Za-z]{0,2})("""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')|([A-Za-z_]\w*)|(\d[\w.]*)|(\*\*=?|\/\/=?|>>=?|<<=?|->|:=|==|!=|<=|>=|[+\-*/%@&|^]=|\.\.\.|[^\s\w])/y;
const depthMax = 64;
const linesMax = 20_000;

export function readPython(text: string): readonly Statement[] {
  requireSize(text);
  const lines = linesOf(text.replaceAll("\r\n", "\n"));
  const [block, at] = blockOf(lines, 0, lines[0]?.indent ?? 0, 0);
  if (at < lines.length) throw new NotImported(`line ${lines[at]?.line}: an unexpected indent`);
  return block;
}

function linesOf(text: string): readonly Line[] {
  const lines: Line[] = [];
  let [at, number, depth, indent] = [0, 1, 0, 0];
  let tokens: Token[] = [];
  const end = () => {
    const [first] = tokens;
    if (first !== undefined) lines.push({ tokens, indent, line: first.line });
    if (lines.length > linesMax) throw new NotImported(`it has more than ${linesMax} statements`);
    tokens = [];
  };
  let isStart = true;
  while (at < text.length) {
    if (isStart && depth === 0) {
      const [space = ""] = /[ \t]*/y.exec(text.slice(at)) ?? [];
      indent = space.replaceAll("\t", "        ").length;
      isStart = false;
    }
    const sign = text[at] ?? "";
    if (sign === "\n") {
      if (depth === 0) end();
      isStart = depth === 0;
      number++;
      at++;
    } else if (/\s/.test(sign)) at++;
    else if (sign === "#") at = text.indexOf("\n", at) === -1 ? text.length : text.indexOf("\n", at);
    else if (sign === "\\" && text[at + 1] === "\n") [at, number] = [at + 2, number + 1];
    else {
      tokenForm.lastIndex = at;
      const [all, prefix = "", quoted, name, digits] = tokenForm.exec(text) ?? [];
      if (all === undefined || /^["']$/.test(all))
        throw new NotImported(`line ${number}: an unexpected character`);
      if (quoted !== undefined) tokens.push(textToken(all, prefix, quoted, number));
      else
        tokens.push({
          text: all,
          line: number,
          value: all,
          kind: name ? "name" : digits ? "number" : "sign",
        });
      if (quoted === undefined && /^[([{]$/.test(all)) depth++;
      if (quoted === undefined && /^[)\]}]$/.test(all)) depth--;
      if (depth < 0 || depth > depthMax) throw new NotImported(`line ${number}: brackets do not match`);
      if (all === ";" && depth === 0) {
        tokens.pop();
        end();
      }
      number += all.split("\n").length - 1;
      at += all.length;
    }
  }
  if (depth > 0) throw new NotImported("a bracket does not end");
  end();
  return lines;
}

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

function textToken(all: string, prefix: string, quoted: string, line: number): Token {
  const size = /^("""|''')/.test(quoted) ? 3 : 1;
  const inner = quoted.slice(size, -size);
  const value = /r/i.test(prefix)
    ? inner
    : inner.replace(/\\([\s\S])/g, (whole, sign: string) => escapes[sign] ?? whole);
  return { text: all, kind: "text", line, value, isOther: /[fb]/i.test(prefix) };
}

function blockOf(lines: readonly Line[], from: number, indent: number, depth: number): [Statement[], number] {
  if (depth > depthMax) throw new NotImported(`it is nested more than ${depthMax} deep`);
  const block: Statement[] = [];
  let at = from;
  let decorators: Expression[] = [];
  let decorated = 0;
  while (at < lines.length && lines[at]?.indent === indent) {
    const line = lines[at] as Line;
    at++;
    if (line.tokens[0]?.text === "@") {
      decorators.push(new ExpressionReader(line.tokens.slice(1)).parseAll());
      decorated ||= line.line;
      continue;
    }
    let body: Statement[] = [];
    const next = lines[at];
    const colon = headEnd(line.tokens);
    if (next !== undefined && next.indent > indent && colon === -1)
      throw new NotImported(`line ${next.line}: an unexpected indent`);
    if (next !== undefined && next.indent > indent) [body, at] = blockOf(lines, at, next.indent, depth + 1);
    else if (
      colon !== -1 &&
      colon < line.tokens.length - 1 &&
      /^(if|for|while|with|def|class|else|elif|try|except|finally|async)$/.test(line.tokens[0]?.text ?? "")
    )
      [body] = blockOf([{ ...line, tokens: line.tokens.slice(colon + 1) }], 0, indent, depth + 1);
    block.push(statementOf({ ...line, line: decorated || line.line }, body, decorators));
    [decorators, decorated] = [[], 0];
  }
  return [block, at];
}

/** Returns the index of the colon at the end of a head. */
function headEnd(tokens: readonly Token[]): number {
  let depth = 0;
  for (const [index, { text, kind }] of tokens.entries()) {
    if (kind !== "sign") continue;
    if (/^[([{]$/.test(text)) depth++;
    else if (/^[)\]}]$/.test(text)) depth--;
    else if (text === ":" && depth === 0) return index;
  }
  return -1;
}

function statementOf(
  { tokens, line }: Line,
  body: readonly Statement[],
  decorators: readonly Expression[],
): Statement {
  const words = tokens.map(({ text }) => text);
  const text = words.join(" ");
  const base = { line, body, text, names: [] as readonly string[], values: [] as readonly Expression[] };
  const [first = "", second = ""] = words;
  if (first === "def" || (first === "async" && second === "def")) {
    const at = first === "def" ? 1 : 2;
    const parameters = parametersOf(tokens.slice(at + 2));
    return { ...base, kind: "def", names: [words[at] ?? "", ...parameters], values: decorators };
  }
  if (first === "with") {
    const end = headEnd(tokens);
    const as = words.lastIndexOf("as", end);
    const opened = new ExpressionReader(tokens.slice(1, as === -1 ? end : as)).parseAll();
    return { ...base, kind: "with", names: as === -1 ? [] : [words[as + 1] ?? ""], values: [opened] };
  }
  if (
    /^(import|from|if|elif|else|for|while|try|except|finally|class|return|raise|assert|del|global|pass|async|nonlocal)$/.test(
      first,
    )
  )
    return { ...base, kind: first };
  const equals = topLevel(tokens, "=");
  if (equals.length === 0)
    return { ...base, kind: "expression", values: [new ExpressionReader(tokens).parseAll()] };
  const parts = [...equals, tokens.length].map((at, index) =>
    tokens.slice(index === 0 ? 0 : (equals[index - 1] ?? 0) + 1, at),
  );
  const targets = parts.slice(0, -1).map((part) => part.map(({ text: word }) => word).join(""));
  return {
    ...base,
    kind: "assign",
    // An annotation is no part of the name.
    names: targets.map((target) => target.split(":")[0] ?? ""),
    values: [new ExpressionReader(parts.at(-1) ?? []).parseAll()],
  };
}

function topLevel(tokens: readonly Token[], sign: string): readonly number[] {
  const found: number[] = [];
  let depth = 0;
  for (const [index, { text, kind }] of tokens.entries()) {
    if (kind !== "sign") continue;
    if (/^[([{]$/.test(text)) depth++;
    else if (/^[)\]}]$/.test(text)) depth--;
    else if (text === sign && depth === 0) found.push(index);
  }
  return found;
}

/** Returns the names of parameters, after the parenthesis. */
function parametersOf(tokens: readonly Token[]): readonly string[] {
  const names: string[] = [];
  let depth = 0;
  let isName = true;
  for (const { text, kind } of tokens) {
    if (kind === "sign" && /^[([{]$/.test(text)) depth++;
    else if (kind === "sign" && /^[)\]}]$/.test(text)) depth--;
    if (depth < 0) break;
    if (depth > 0) continue;
    if (text === ",") isName = true;
    else if (isName && kind === "name") [isName, names.length] = [false, names.push(text)];
  }
  return names;
}

const operators = [
  ["or"],
  ["and"],
  ["|"],
  ["^"],
  ["&"],
  [">>", "<<"],
  ["+", "-"],
  ["*", "/", "//", "%", "@"],
  ["**"],
];

/** Parses an expression from tokens. */
class ExpressionReader {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** Parses all tokens. Unexpected tokens make the expression `other`. */
  parseAll(): Expression {
    try {
      const first = this.#level(0);
      if (this.#peek() !== ",") {
        if (this.#at === this.#tokens.length) return first;
        throw new UnsupportedExpression();
      }
      const parts = [first];
      while (this.#is(",")) if (this.#at < this.#tokens.length) parts.push(this.#level(0));
      if (this.#at < this.#tokens.length) throw new UnsupportedExpression();
      return newExpression("list", first.line, "", { parts });
    } catch (error) {
      if (!(error instanceof UnsupportedExpression)) throw error;
      return other(this.#tokens);
    }
  }

  #level(index: number): Expression {
    const signs = operators[index];
    if (signs === undefined) return this.#postfix();
    let left = this.#level(index + 1);
    for (let sign = this.#peek(); signs.includes(sign); sign = this.#peek()) {
      this.#at++;
      left = newExpression("binary", left.line, sign, { parts: [left, this.#level(index + 1)] });
    }
    return left;
  }

  #postfix(): Expression {
    if (++this.#depth > depthMax) throw new UnsupportedExpression();
    let value = this.#primary();
    for (;;) {
      const line = this.#tokens[this.#at]?.line ?? value.line;
      if (this.#is(".")) value = newExpression("member", line, this.#next().text, { of: value });
      else if (this.#peek() === "(") {
        this.#at++;
        value = newExpression("call", line, "", { of: value, args: this.#arguments() });
      } else if (this.#peek() === "[") {
        this.#at++;
        const inner = this.#until("]");
        value = newExpression("item", line, "", { of: value, parts: [inner] });
      } else {
        this.#depth--;
        return value;
      }
    }
  }

  /** Parses an expression up to a closing token. It may be of an unsupported kind. */
  #until(close: string): Expression {
    const end = this.#closing(close);
    const inner = new ExpressionReader(this.#tokens.slice(this.#at, end)).parseAll();
    this.#at = end + 1;
    return inner;
  }

  #closing(...signs: readonly string[]): number {
    let depth = 0;
    let from = this.#at;
    // Commas before the colon separate parameters.
    if (this.#peek() === "lambda") while (from < this.#tokens.length && this.#tokens[from++]?.text !== ":");
    for (let at = from; at < this.#tokens.length; at++) {
      const { text, kind } = this.#tokens[at] as Token;
      if (kind !== "sign") continue;
      if (depth === 0 && signs.includes(text)) return at;
      if (/^[([{]$/.test(text)) depth++;
      else if (/^[)\]}]$/.test(text)) depth--;
    }
    throw new UnsupportedExpression();
  }

  #arguments(): readonly Argument[] {
    const args: Argument[] = [];
    while (!this.#is(")")) {
      const [first, second] = [this.#tokens[this.#at], this.#tokens[this.#at + 1]];
      const isNamed = first?.kind === "name" && second?.text === "=";
      if (isNamed) this.#at += 2;
      const end = this.#closing(",", ")");
      const value = new ExpressionReader(this.#tokens.slice(this.#at, end)).parseAll();
      args.push({
        name: isNamed ? (first?.text ?? "") : "",
        value,
        line: first?.line ?? value.line,
        isRead: false,
      });
      this.#at = end;
      this.#is(",");
    }
    return args;
  }

  #primary(): Expression {
    const token = this.#next();
    const { line, text, kind } = token;
    if (kind === "text") {
      let [value, isOther] = [token.value, token.isOther === true];
      while (this.#tokens[this.#at]?.kind === "text") {
        const next = this.#next();
        value += next.value;
        isOther ||= next.isOther === true;
      }
      return isOther ? other([token]) : newExpression("text", line, value);
    }
    if (kind === "number") return newExpression("number", line, text.replaceAll("_", ""));
    if (kind === "name") {
      if (/^(True|False|None)$/.test(text)) return newExpression("constant", line, text);
      if (/^(lambda|await|yield|not|if|else|for|in|is)$/.test(text)) throw new UnsupportedExpression();
      return newExpression("name", line, text);
    }
    if (text === "-" && this.#tokens[this.#at]?.kind === "number")
      return newExpression("number", line, `-${this.#next().text}`);
    if (text === "(") {
      const inner = this.#peek() === ")" ? newExpression("list", line, "") : undefined;
      if (inner === undefined) return this.#until(")");
      this.#at++;
      return inner;
    }
    if (text === "[" || text === "{") return this.#items(text, line);
    throw new UnsupportedExpression();
  }

  #items(open: string, line: number): Expression {
    const close = open === "[" ? "]" : "}";
    const parts: Expression[] = [];
    let isMap = open === "{";
    while (!this.#is(close)) {
      const signs = open === "{" ? [",", ":", close] : [",", close];
      const end = this.#closing(...signs);
      parts.push(new ExpressionReader(this.#tokens.slice(this.#at, end)).parseAll());
      this.#at = end;
      if (this.#is(":")) {
        const behind = this.#closing(",", close);
        parts.push(new ExpressionReader(this.#tokens.slice(this.#at, behind)).parseAll());
        this.#at = behind;
      } else if (open === "{") isMap = false;
      this.#is(",");
    }
    return newExpression(isMap ? "map" : "list", line, "", { parts });
  }

  #peek(): string {
    const token = this.#tokens[this.#at];
    return token === undefined || token.kind === "text" ? "" : token.text;
  }

  #is(sign: string): boolean {
    if (this.#peek() !== sign) return false;
    this.#at++;
    return true;
  }

  #next(): Token {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new UnsupportedExpression();
    return token;
  }
}

/** Thrown for an expression of an unsupported kind. */
class UnsupportedExpression extends Error {}

function newExpression(
  kind: Expression["kind"],
  line: number,
  text: string,
  more: Partial<Pick<Expression, "parts" | "of" | "args">> = {},
): Expression {
  return { kind, line, text, parts: [], args: [], ...more };
}

function other(tokens: readonly Token[]): Expression {
  return newExpression("other", tokens[0]?.line ?? 1, tokens.map(({ text }) => text).join(" "));
}
