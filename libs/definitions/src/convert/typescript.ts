import type { Json } from "@tutti/expressions";
import { isList, isMembers } from "../check/shape-checker.ts";
import { type TaskKindWord, taskKinds } from "../language/task-shape.ts";

/** Writes a document as code with the builder. */
export function printTypeScript(document: Json, from = "@tutti/sdk/workflow"): string {
  const writer = new CodeWriter();
  const { workflow: name = "", ...definition } = isMembers(document) ? document : {};
  const body = writer.definition(definition);
  const used = [...writer.used].sort();
  return `import { ${used.join(", ")} } from ${JSON.stringify(from)};\n\nexport default workflow(${JSON.stringify(name)}, ${body});\n`;
}

type Members = { readonly [key: string]: Json };

/** Functions of the builder by kinds of tasks. */
const functions: Readonly<Record<TaskKindWord, string>> = {
  uses: "uses",
  function: "durableTask",
  agent: "agent",
  workflow: "child",
  mission: "mission",
  wait: "wait",
  approve: "approve",
  gate: "gate",
  set: "set",
  loop: "loop",
  spawn: "spawn",
};

class CodeWriter {
  readonly used = new Set(["workflow"]);

  definition(definition: Members): string {
    return this.#members(definition, 0, (key, value, depth) => {
      if (key === "tasks" && isMembers(value)) return this.#tasks(value, depth);
      if (key === "states" && isMembers(value))
        return this.#members(value, depth, (_, state, inner) => this.#state(state, inner));
      return this.#value(value, depth);
    });
  }

  #tasks(tasks: Members, depth: number): string {
    return this.#members(tasks, depth, (_, task, inner) => this.#task(task, inner));
  }

  #task(task: Json, depth: number): string {
    const kinds = isMembers(task) ? taskKinds.filter((kind) => Object.hasOwn(task, kind)) : [];
    const [kind] = kinds;
    if (!isMembers(task) || kind === undefined || kinds.length > 1) return this.#value(task, depth);
    const { [kind]: value = null, ...options } = task;
    this.used.add(functions[kind]);
    const more = Object.keys(options).length === 0 ? "" : `, ${this.#value(options, depth)}`;
    const written =
      kind === "loop" && isMembers(value) ? this.#loop(value, depth) : this.#value(value, depth);
    return `${functions[kind]}(${written}${more})`;
  }

  #loop(loop: Members, depth: number): string {
    return this.#members(loop, depth, (key, value, inner) =>
      key === "tasks" && isMembers(value) ? this.#tasks(value, inner) : this.#value(value, inner),
    );
  }

  #state(state: Json, depth: number): string {
    if (!isMembers(state)) return this.#value(state, depth);
    return this.#members(state, depth, (key, value, inner) => {
      if (key === "run") return this.#task(value, inner);
      if ((key === "entry" || key === "exit") && isList(value))
        return this.#list(value, inner, (task, deeper) => this.#task(task, deeper));
      return this.#value(value, inner);
    });
  }

  #value(value: Json, depth: number): string {
    if (isList(value)) return this.#list(value, depth, (item, inner) => this.#value(item, inner));
    if (isMembers(value)) return this.#members(value, depth, (_, item, inner) => this.#value(item, inner));
    return JSON.stringify(value);
  }

  #list(list: readonly Json[], depth: number, write: (item: Json, depth: number) => string): string {
    if (list.every((item) => item === null || typeof item !== "object"))
      return `[${list.map((item) => JSON.stringify(item)).join(", ")}]`;
    const indent = "  ".repeat(depth + 1);
    return `[\n${list.map((item) => `${indent}${write(item, depth + 1)},\n`).join("")}${"  ".repeat(depth)}]`;
  }

  #members(
    members: Members,
    depth: number,
    write: (key: string, value: Json, depth: number) => string,
  ): string {
    const keys = Object.keys(members);
    if (keys.length === 0) return "{}";
    const indent = "  ".repeat(depth + 1);
    const lines = keys.map(
      (key) =>
        `${indent}${/^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key)}: ${write(key, members[key] ?? null, depth + 1)},\n`,
    );
    return `{\n${lines.join("")}${"  ".repeat(depth)}}`;
  }
}
