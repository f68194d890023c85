import { limits } from "../limits.ts";
import { Fault } from "../problem.ts";
import type { Uint } from "../values/value.ts";
import { Lexer } from "./lexer.ts";
import { readBytes, readInt, readString, readUint } from "./literals.ts";
import { expandGlobalMacro, expandMacro } from "./macros.ts";
import type { BinaryOperator, Logic, Node } from "./tree.ts";

/**
 * Parser of the Common Expression Language, written by hand: recursive descent parses an expression in one or two
 * microseconds, and problems are reported in words.
 *
 * Invariants:
 *
 * 1. No tree is deeper than `limits.depthMax`, and parsing recurses no deeper than a fixed multiple of that. Recursive
 *    code over a tree needs no bound of its own.
 * 2. Parsing stops at the first token that cannot continue. The caller decides what may follow.
 */
export class Parser {
  readonly #lexer: Lexer;
  #nesting = 0;

  constructor(text: string, from = 0) {
    this.#lexer = new Lexer(text, from);
    this.#lexer.next();
  }

  /** Start of the first token after the expression. */
  get stoppedAt(): number {
    return this.#lexer.start;
  }

  get stoppedLexeme(): string {
    return this.#lexer.kind === "end" ? "the end" : `\`${this.#lexer.lexeme()}\``;
  }

  get atEnd(): boolean {
    return this.#lexer.kind === "end";
  }

  expression(): Node {
    this.#nesting += 1;
    if (this.#nesting > limits.depthMax) throw tooDeep(this.#lexer.start);
    const test = this.#logic("||");
    const node = this.#is("?") ? this.#condition(test) : test;
    this.#nesting -= 1;
    return node;
  }

  #condition(test: Node): Node {
    const at = this.#lexer.start;
    this.#expect("?");
    const then = this.#logic("||");
    this.#expect(":");
    const otherwise = this.expression();
    return deep({ kind: "condition", at, depth: below(test, then, otherwise), test, then, otherwise });
  }

  #logic(operator: Logic["operator"]): Node {
    const first = operator === "||" ? this.#logic("&&") : this.#relation();
    if (!this.#is(operator)) return first;
    const at = this.#lexer.start;
    const parts = [first];
    while (this.#is(operator)) {
      this.#lexer.next();
      parts.push(operator === "||" ? this.#logic("&&") : this.#relation());
    }
    return deep({ kind: "logic", at, depth: below(...parts), operator, parts });
  }

  #relation(): Node {
    let left = this.#sum();
    for (;;) {
      const operator = this.#operator(relations) ?? (this.#isName("in") ? "in" : undefined);
      if (operator === undefined) return left;
      left = this.#binary(operator, left, () => this.#sum());
    }
  }

  #sum(): Node {
    let left = this.#product();
    for (let operator = this.#operator(sums); operator !== undefined; operator = this.#operator(sums))
      left = this.#binary(operator, left, () => this.#product());
    return left;
  }

  #product(): Node {
    let left = this.#unary();
    for (let operator = this.#operator(products); operator !== undefined; operator = this.#operator(products))
      left = this.#binary(operator, left, () => this.#unary());
    return left;
  }

  #binary(operator: BinaryOperator, left: Node, readRight: () => Node): Node {
    const at = this.#lexer.start;
    this.#lexer.next();
    const right = readRight();
    return deep({ kind: "binary", at, depth: below(left, right), operator, left, right });
  }

  #unary(): Node {
    const at = this.#lexer.start;
    const operator = this.#is("!") ? "!" : this.#is("-") ? "-" : undefined;
    if (operator === undefined) return this.#member();
    this.#lexer.next();
    if (operator === "-" && this.#lexer.kind === "int") {
      // The smallest number has no positive counterpart.
      const value = readInt(this.#lexer.lexeme(), at, true);
      this.#lexer.next();
      return this.#members({ kind: "literal", at, depth: 1, value });
    }
    if (operator === "-" && this.#lexer.kind === "double") {
      const value = -Number(this.#lexer.lexeme());
      this.#lexer.next();
      return this.#members({ kind: "literal", at, depth: 1, value });
    }
    this.#nesting += 1;
    if (this.#nesting > limits.depthMax) throw tooDeep(at);
    const of = this.#unary();
    this.#nesting -= 1;
    return deep({ kind: "unary", at, depth: below(of), operator, of });
  }

  #member(): Node {
    return this.#members(this.#primary());
  }

  #members(first: Node): Node {
    let node = first;
    for (;;) {
      if (this.#is(".")) node = this.#selected(node);
      else if (this.#is("[")) node = this.#indexed(node);
      else return node;
    }
  }

  #selected(of: Node): Node {
    this.#lexer.next();
    const at = this.#lexer.start;
    if (this.#lexer.kind === "quoted") {
      const field = this.#lexer.lexeme().slice(1, -1);
      this.#lexer.next();
      return deep({ kind: "select", at, depth: below(of), of, field, probe: false });
    }
    const field = this.#nameToken("a field");
    if (!this.#is("(")) return deep({ kind: "select", at, depth: below(of), of, field, probe: false });
    const args = this.#args();
    const expanded = expandMacro(field, of, args, at);
    return deep(expanded ?? { kind: "call", at, depth: below(of, ...args), name: field, target: of, args });
  }

  #indexed(of: Node): Node {
    const at = this.#lexer.start;
    this.#lexer.next();
    const by = this.expression();
    this.#expect("]");
    return deep({ kind: "index", at, depth: below(of, by), of, by });
  }

  #primary(): Node {
    const lexer = this.#lexer;
    const at = lexer.start;
    switch (lexer.kind) {
      case "name":
        return this.#named(at, false);
      case "int":
        return this.#literal(at, readInt(lexer.lexeme(), at));
      case "uint":
        return this.#literal(at, readUint(lexer.lexeme(), at) as Uint);
      case "double":
        return this.#literal(at, Number(lexer.lexeme()));
      case "string":
        return this.#literal(at, readString(lexer.lexeme(), at));
      case "bytes":
        return this.#literal(at, readBytes(lexer.lexeme(), at));
      default:
    }
    if (this.#is(".")) {
      lexer.next();
      return this.#named(at, true);
    }
    if (this.#is("(")) {
      lexer.next();
      const node = this.expression();
      this.#expect(")");
      return node;
    }
    if (this.#is("[")) return this.#list(at);
    if (this.#is("{")) return this.#map(at);
    throw this.#unexpected("a value, a name, `(`, `[` or `{`");
  }

  #literal(at: number, value: string | bigint | number | boolean | null | Uint | Uint8Array): Node {
    this.#lexer.next();
    return { kind: "literal", at, depth: 1, value };
  }

  #named(at: number, absolute: boolean): Node {
    const word = this.#lexer.kind === "name" ? this.#lexer.lexeme() : "";
    if (!absolute && (word === "true" || word === "false")) return this.#literal(at, word === "true");
    if (!absolute && word === "null") return this.#literal(at, null);
    const name = this.#nameToken("a name");
    if (reserved.has(name)) throw new Fault("syntax", at, `\`${name}\` is a reserved word`, "another name");
    if (!this.#is("(")) {
      return { kind: "name", at, depth: 1, name, absolute };
    }
    const args = this.#args();
    const expanded = expandGlobalMacro(name, args, at);
    return deep(expanded ?? { kind: "call", at, depth: below(...args), name, target: undefined, args });
  }

  #args(): readonly Node[] {
    this.#expect("(");
    const args: Node[] = [];
    while (!this.#is(")")) {
      args.push(this.expression());
      if (!this.#is(",")) break;
      this.#lexer.next();
      if (this.#is(")")) throw this.#unexpected("another argument");
    }
    this.#expect(")");
    return args;
  }

  #list(at: number): Node {
    this.#expect("[");
    const items: Node[] = [];
    while (!this.#is("]")) {
      items.push(this.expression());
      if (!this.#is(",")) break;
      this.#lexer.next();
    }
    this.#expect("]");
    return deep({ kind: "list", at, depth: below(...items), items });
  }

  #map(at: number): Node {
    this.#expect("{");
    const entries: [Node, Node][] = [];
    while (!this.#is("}")) {
      const key = this.expression();
      this.#expect(":");
      entries.push([key, this.expression()]);
      if (!this.#is(",")) break;
      this.#lexer.next();
    }
    this.#expect("}");
    return deep({ kind: "map", at, depth: below(...entries.flat()), entries });
  }

  #nameToken(expected: string): string {
    if (this.#lexer.kind !== "name") throw this.#unexpected(expected);
    const word = this.#lexer.lexeme();
    this.#lexer.next();
    return word;
  }

  #operator<O extends string>(among: ReadonlySet<O>): O | undefined {
    if (this.#lexer.kind !== "symbol") return undefined;
    const word = this.#lexer.lexeme() as O;
    return among.has(word) ? word : undefined;
  }

  #is(symbol: string): boolean {
    const { kind, text, start, end } = this.#lexer;
    return kind === "symbol" && end - start === symbol.length && text.startsWith(symbol, start);
  }

  #isName(word: string): boolean {
    return this.#lexer.kind === "name" && this.#lexer.lexeme() === word;
  }

  #expect(symbol: string): void {
    if (!this.#is(symbol)) throw this.#unexpected(`\`${symbol}\``);
    this.#lexer.next();
  }

  #unexpected(expected: string): Fault {
    return new Fault(
      "syntax",
      this.#lexer.start,
      `expected ${expected}, got ${this.stoppedLexeme}`,
      expected,
    );
  }
}

const relations: ReadonlySet<BinaryOperator> = new Set(["==", "!=", "<", "<=", ">", ">="] as const);
const sums: ReadonlySet<BinaryOperator> = new Set(["+", "-"] as const);
const products: ReadonlySet<BinaryOperator> = new Set(["*", "/", "%"] as const);

/** Words that may become part of the language. They cannot be variables, but can be fields. */
const reserved = new Set(
  "as break const continue else false for function if import in let loop package namespace null return true var void while".split(
    " ",
  ),
);

function below(...nodes: readonly Node[]): number {
  let depth = 0;
  for (const node of nodes) if (node.depth > depth) depth = node.depth;
  return depth + 1;
}

function deep(node: Node): Node {
  if (node.depth > limits.depthMax) throw tooDeep(node.at);
  return node;
}

function tooDeep(at: number): Fault {
  return new Fault(
    "too_large",
    at,
    `nested more than ${limits.depthMax} deep`,
    "parts computed in a separate `set`",
  );
}
