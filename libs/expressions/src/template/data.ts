import type { Frame } from "../evaluate/frame.ts";
import { passedVariable } from "../expression.ts";
import type { Problem } from "../problem.ts";
import { Program } from "../program.ts";
import { References } from "../types/references.ts";
import type { Scope } from "../types/scope.ts";
import { isDyn, join, listOf, type Type, types } from "../types/type.ts";
import type { Json } from "../values/value.ts";
import { checkTemplate, hasTemplate, runOf } from "./template.ts";

/** A problem in a text somewhere inside a value. */
export interface DataProblem extends Problem {
  /** Path of the text: keys and indexes. */
  readonly path: readonly (string | number)[];
}

export type CompiledData =
  | { readonly ok: true; readonly program: Program }
  | { readonly ok: false; readonly problems: readonly DataProblem[] };

const depthMax = 64;

/**
 * Compiles a value of JSON whose texts may contain expressions: `{items: "${{ input.items }}", urgent: true}`.
 */
export function compileData(json: Json, scope: Scope): CompiledData {
  const compiler = new DataCompiler(scope);
  const part = compiler.part(json, []);
  if (compiler.problems.length > 0) return { ok: false, problems: compiler.problems };
  return { ok: true, program: compiler.program(json, part) };
}

interface DataPart {
  readonly type: Type;
  /** Absent for a constant. */
  readonly run?: (frame: Frame, onStart: (text: string) => void) => Json;
  /** Set if the value is one unchanged variable. */
  readonly passes?: number | undefined;
}

class DataCompiler {
  readonly problems: DataProblem[] = [];
  readonly #scope: Scope;
  readonly #references = new References();

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  program(json: Json, { type, run, passes }: DataPart): Program {
    const constant = run === undefined ? json : undefined;
    return new Program({
      type,
      references: this.#references.names,
      passes,
      constant,
      run: run ?? (() => json),
    });
  }

  part(json: Json, path: readonly (string | number)[]): DataPart {
    if (path.length > depthMax) {
      this.problems.push({
        code: "too_large",
        at: 0,
        path,
        message: `nested more than ${depthMax} deep`,
        expected: "",
      });
      return { type: types.dyn };
    }
    if (typeof json === "string") return this.#text(json, path);
    if (json === null || typeof json !== "object") return { type: typeOfScalar(json) };
    return isArray(json) ? this.#list(json, path) : this.#members(json, path);
  }

  #text(text: string, path: readonly (string | number)[]): DataPart {
    if (!hasTemplate(text)) return { type: types.string };
    const problems: Problem[] = [];
    const template = checkTemplate(text, this.#scope, this.#references, problems);
    for (const problem of problems) {
      const { code, at, message, expected } = problem;
      this.problems.push({ code, at, message, expected, path });
    }
    if (template === undefined) return { type: types.dyn };
    const passes = template.lone === undefined ? undefined : passedVariable(template.lone.node);
    return { type: template.type, run: runOf(template), passes };
  }

  #list(list: readonly Json[], path: readonly (string | number)[]): DataPart {
    const parts = list.map((item, index) => this.part(item, [...path, index]));
    const type = listOf(parts.map((part) => part.type).reduce(join, types.never));
    if (parts.every(({ run }) => run === undefined)) return { type };
    return {
      type,
      run: (frame, onStart) => {
        frame.charge(parts.length, 0);
        return parts.map(({ run }, index) =>
          run === undefined ? (list[index] ?? null) : run(frame, onStart),
        );
      },
    };
  }

  #members(members: { readonly [key: string]: Json }, path: readonly (string | number)[]): DataPart {
    const parts = Object.entries(members).map(
      ([key, item]) => [key, item, this.part(item, [...path, key])] as const,
    );
    const fields = new Map(parts.map(([key, , { type }]) => [key, isDyn(type) ? types.dyn : type]));
    const type: Type = { kind: "object", fields, others: undefined };
    if (parts.every(([, , { run }]) => run === undefined)) return { type };
    return {
      type,
      run: (frame, onStart) => {
        frame.charge(parts.length, 0);
        const result = Object.create(null) as Record<string, Json>;
        for (const [key, item, { run }] of parts)
          result[key] = run === undefined ? item : run(frame, onStart);
        return result;
      },
    };
  }
}

function isArray(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}

function typeOfScalar(value: number | boolean | null): Type {
  if (value === null) return types.null;
  if (typeof value === "boolean") return types.bool;
  return Number.isInteger(value) ? types.int : types.double;
}
