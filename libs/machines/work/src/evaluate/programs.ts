/** Expressions of missions and sessions, compiled once for all that have the same text. */
import {
  type Compiled,
  compileData,
  compileExpression,
  type Json,
  type Program,
  parseExactly,
  type Scope,
  types,
} from "@tutti/expressions";

/** Most recently used programs. */
const cacheMax = 2_000;
const cache = new Map<string, CompiledText>();

type CompiledText =
  | { readonly ok: true; readonly program: Program }
  | { readonly ok: false; readonly problem: string };

export type ExpressionPlace = "condition" | "output" | "task" | "check";

const names: Readonly<Record<ExpressionPlace, readonly string[]>> = {
  condition: ["tasks", "board", "votes", "budget", "time", "input"],
  output: ["tasks", "board", "input"],
  task: ["tasks", "board", "input"],
  check: ["input", "output"],
};

/** A single task or entry has a name of its own, so that it can be read without the others. */
const single = /^(?:tasks|board)\.[^.]+$/;

const scopes = new Map<ExpressionPlace, Scope>();

function scopeOf(place: ExpressionPlace): Scope {
  let scope = scopes.get(place);
  if (scope === undefined) {
    const known = new Set(names[place]);
    scope = {
      typeOf: (name) => {
        if (known.has(name)) return types.dyn;
        return single.test(name) && known.has(name.slice(0, 5)) ? types.dyn : undefined;
      },
      names: () => known,
    };
    scopes.set(place, scope);
  }
  return scope;
}

/** @param isCondition whether the value must be true or false */
export function expressionOf(text: string, place: ExpressionPlace, isCondition: boolean): CompiledText {
  return remembered(`${place} ${isCondition ? "?" : "="} ${text}`, () =>
    compiledTextOf(compileExpression(text, scopeOf(place), isCondition ? { expectedType: types.bool } : {})),
  );
}

/** Compiles the output of a mission: an expression, or JSON whose texts contain expressions. */
export function outputExpressionOf(text: string): CompiledText {
  return hasExpression(text) ? dataExpressionOf(text) : expressionOf(text, "output", false);
}

/** Compiles JSON whose texts may contain expressions. */
export function dataExpressionOf(text: string): CompiledText {
  return remembered(`data ${text}`, () => {
    let json: Json;
    try {
      json = parseExactly(text) as Json;
    } catch (error) {
      return { ok: false, problem: error instanceof SyntaxError ? error.message : "expected JSON" };
    }
    const compiled = compileData(json, scopeOf("task"));
    if (compiled.ok) return compiled;
    const [first] = compiled.problems;
    return {
      ok: false,
      problem: `${first?.path.join(".") ?? ""}: ${first?.message ?? "expected an expression"}`,
    };
  });
}

function compiledTextOf(compiled: Compiled): CompiledText {
  if (compiled.ok) return compiled;
  return { ok: false, problem: compiled.problems[0]?.message ?? "expected an expression" };
}

function remembered(key: string, compile: () => CompiledText): CompiledText {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const created = compile();
  if (cache.size >= cacheMax) cache.delete(cache.keys().next().value as string);
  cache.set(key, created);
  return created;
}

/** Returns whether a text contains expressions. */
export function hasExpression(text: string): boolean {
  return text.includes("${{");
}

const opening = Buffer.from("${{");

export function hasExpressions(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(opening);
}

/** Inputs of an expression. */
export interface Reads {
  readonly tasks: boolean;
  readonly board: boolean;
  readonly votes: boolean;
  readonly budget: boolean;
  readonly time: boolean;
  /** All tasks, or the whole board: the cost grows with their number. */
  readonly whole: boolean;
}

const reads = new WeakMap<Program, Reads>();

export function readsOf(program: Program): Reads {
  let known = reads.get(program);
  if (known === undefined) {
    const { references } = program;
    const isRead = (name: string) => references.some((each) => each === name || each.startsWith(`${name}.`));
    known = {
      tasks: isRead("tasks"),
      board: isRead("board"),
      votes: isRead("votes"),
      budget: isRead("budget"),
      time: isRead("time"),
      whole: references.includes("tasks") || references.includes("board"),
    };
    reads.set(program, known);
  }
  return known;
}

/** Returns a condition without `${{ }}`, which is optional as in definitions. */
export function conditionText(text: string): string {
  const found = /^\s*\$\{\{([\s\S]*)\}\}\s*$/.exec(text);
  return found?.[1] ?? text;
}
