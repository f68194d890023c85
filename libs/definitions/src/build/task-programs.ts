import type { Json, Type } from "@tutti/expressions";
import type { Environment } from "../check/environment.ts";
import type { Programmed } from "../plan/program-table.ts";
import type { Path } from "../problem.ts";
import type { Building, Draft } from "./building.ts";
import { addNeed, otherTasks } from "./needs.ts";

/** Builds the programs of a task; -1 for an absent one. Referenced tasks become needs. */
export class TaskPrograms {
  readonly #building: Building;

  constructor(building: Building) {
    this.#building = building;
  }

  condition(
    draft: Draft,
    source: string | boolean | undefined,
    environment: Environment,
    key: string,
  ): number {
    if (source === undefined) return -1;
    const compiled = this.#building.programs.condition(source, environment, [...draft.path, key]);
    this.needed(draft, compiled);
    return compiled.program;
  }

  template(
    draft: Draft,
    text: string | undefined,
    environment: Environment,
    path: Path,
    expectedType?: Type,
  ): number {
    if (text === undefined) return -1;
    const compiled = this.#building.programs.template(text, environment, path, expectedType);
    this.needed(draft, compiled);
    return compiled.program;
  }

  data(draft: Draft, value: Json | undefined, environment: Environment, path: Path): number {
    if (value === undefined) return -1;
    const compiled = this.#building.programs.data(value, environment, path);
    this.needed(draft, compiled);
    return compiled.program;
  }

  /** Adds the tasks that an expression refers to as needs, whether `needs` lists them or not. */
  needed(draft: Draft, compiled: Programmed | undefined): void {
    if (compiled === undefined) return;
    for (const name of compiled.references)
      if (name.startsWith("tasks.")) addNeed(this.#building, draft, name);
  }

  /** Returns the number of a task of the same scope. */
  taskNamed(draft: Draft, id: string | undefined, path: Path): number {
    if (id === undefined) return -1;
    const names = this.#building.namesOf(draft.scope);
    const number = names.numbers.get(id);
    if (number !== undefined) return number;
    const suggestion = this.#building.findings.suggest(id, otherTasks(names.numbers, draft));
    this.#building.findings.error(
      "unknown_task",
      path,
      `unknown task \`${id}\`${suggestion === undefined ? "" : `. Did you mean \`${suggestion}\`?`}`,
      { expected: suggestion === undefined ? "a task in the same list" : `\`${suggestion}\`` },
    );
    return -1;
  }
}
