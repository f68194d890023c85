import {
  compileCondition,
  compileData,
  compileTemplate,
  decodeType,
  type EncodedType,
  Program,
  type Scope,
  type Type,
  types,
} from "@tutti/expressions";
import { assert } from "@tutti/kernel";
import type { Plan, PlanProgram } from "./plan.ts";

/**
 * The programs of a plan, compiled on demand. The plan has the types of all their inputs, so they have the
 * same meaning as at the check, even if capabilities have changed since.
 */
export class PlanPrograms {
  readonly #plan: Pick<Plan, "programs" | "types">;
  readonly #compiled: (Program | undefined)[] = [];
  readonly #types: (Type | undefined)[] = [];

  constructor(plan: Pick<Plan, "programs" | "types">) {
    this.#plan = plan;
  }

  /** Returns the program with this number. Its references have the same order as in the plan. */
  program(number: number): Program {
    const known = this.#compiled[number];
    if (known !== undefined) return known;
    const planned = this.#plan.programs[number];
    assert(planned !== undefined, "a plan names programs that it has", { number });
    const program = this.#compile(planned);
    this.#compiled[number] = program;
    return program;
  }

  #compile(planned: PlanProgram): Program {
    const compiled = recompile(planned, this.#scopeOf(planned));
    assert(compiled.ok, "what was checked compiles again", { source: planned.source });
    return compiled.program;
  }

  #scopeOf({ references }: PlanProgram): Scope {
    const names = new Map(references.map(({ name, type }) => [name, this.#typeOf(type)]));
    return { typeOf: (name) => names.get(name), names: () => names.keys() };
  }

  #typeOf(number: number): Type {
    const known = this.#types[number];
    if (known !== undefined) return known;
    const encoded: EncodedType | undefined = this.#plan.types[number];
    const type = encoded === undefined ? types.dyn : decodeType(encoded);
    this.#types[number] = type;
    return type;
  }
}

function recompile({ form, source }: PlanProgram, scope: Scope) {
  switch (form) {
    case "constant":
      return { ok: true, program: Program.constant(source) } as const;
    case "data":
      return compileData(source, scope);
    case "template":
      return compileTemplate(String(source), scope);
    case "condition":
      return compileCondition(String(source), scope);
  }
}
