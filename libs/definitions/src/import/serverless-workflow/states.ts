/**
 * Builds the states of a workflow from lists of tasks of Serverless Workflow, with their names and variables.
 */
import type { Json } from "@tutti/expressions";
import { plain, template, UnsupportedConstruct } from "../cel.ts";
import {
  type ForeignDocument,
  isMembers,
  listIn,
  type Members,
  membersIn,
  type Path,
  textIn,
} from "../foreign-document.ts";
import { firstFree, NotImported, nameFromCamelCase, type Tree } from "../imported.ts";
import { isJq, JqReader } from "../jq-expression.ts";
import { durationOf, varsIn } from "./values.ts";

export type Names = Readonly<Record<string, string>>;

/** The context of a list of tasks. */
interface Around {
  /** End of the list, and end of the workflow. */
  readonly exit: string;
  readonly end: string;
  /** The state that handles errors. Undefined if the run fails. */
  readonly failed: string | undefined;
  /** Names of jq: items of loops, caught errors. */
  readonly names: Names;
}

export interface TaskOptions {
  readonly states: States;
  readonly task: Members;
  readonly name: string;
  readonly path: Path;
  readonly id: string;
  /** The next task, or the end of the list. */
  readonly next: string;
  readonly targetOf: (then: string) => string;
  readonly around: Around;
}

export class States {
  readonly #source: ForeignDocument;
  readonly #name: string;
  readonly #capabilities: Set<string>;
  readonly #names: Names;
  readonly #translate: (options: TaskOptions) => Tree;
  readonly #states: Record<string, Tree> = {};
  readonly #vars = new Set(["data", "context", "failure"]);
  #uncaught: string | undefined;

  /** @param translate returns the first state of a task */
  constructor(
    source: ForeignDocument,
    name: string,
    capabilities: Set<string>,
    names: Names,
    translate: (options: TaskOptions) => Tree,
  ) {
    this.#source = source;
    this.#name = name;
    this.#capabilities = capabilities;
    this.#names = names;
    this.#translate = translate;
  }

  /** Builds the whole workflow. */
  build(root: Members): Tree {
    const [begin, end] = [this.id("begin"), this.id("end")];
    const around: Around = { exit: end, end, failed: undefined, names: this.#names };
    const start = this.list(listIn(root, "do"), ["do"], around);
    const from = membersIn(root, "input")["from"];
    const to = membersIn(root, "output")["as"];
    const input = "(dyn(input) == null ? {} : input)";
    this.#addState(begin, "input", ["input"], () => {
      const data =
        from === undefined ? template(input) : this.fill(from, ["input", "from"], input, around.names, false);
      return { always: { to: start, set: { data } } };
    });
    delete this.#states[end];
    this.#addState(end, "output", ["output"], () => {
      const output =
        to === undefined
          ? template("vars.data")
          : this.fill(to, ["output", "as"], "vars.data", around.names, false);
      return { final: true, output };
    });
    const schema = membersIn(membersIn(root, "input"), "schema");
    const format = textIn(schema, "format");
    if (format !== "" && format !== "json")
      this.report(["input", "schema", "format"], `format: ${format}`, "a schema is JSON Schema");
    const timeout = this.timeout(root["timeout"], ["timeout"]);
    return {
      workflow: this.#name,
      ...(isMembers(schema["document"]) && { input: { schema: copied(schema["document"]) } }),
      ...(timeout !== undefined && { timeout }),
      ...this.#tree(begin),
    };
  }

  /** Builds the branches of a `fork`. A run executes the branch of its index. */
  branches(branches: readonly unknown[], path: Path, names: Names): Tree {
    const [begin, end] = [this.id("begin"), this.id("end")];
    for (const name of varsIn(names)) this.#vars.add(name);
    const inherited = [...this.#vars].filter((each) => each !== "failure");
    const set = Object.fromEntries(inherited.map((each) => [each, template(`input.vars.${each}`)]));
    const around: Around = { exit: end, end, failed: undefined, names };
    const always = branches.map((branch, index) => ({
      when: `input.branch == ${index}`,
      to: this.list([branch], [...path, index], around, true),
      set,
    }));
    this.#states[begin] = { always };
    delete this.#states[end];
    this.#states[end] = { final: true, output: template("vars.data") };
    return { workflow: this.#name, ...this.#tree(begin) };
  }

  /** Adds a state, or a failing state if it is not translated. */
  #addState(id: string, name: string, path: Path, build: () => Tree): void {
    try {
      this.#states[id] = build();
    } catch (error) {
      if (!(error instanceof UnsupportedConstruct)) throw error;
      this.#source.report(error.path ?? path, name, `${error.message}. The run fails here`, path);
      this.#states[id] = { final: true, fail: plain(`The ${name} is not translated.`) };
    }
  }

  /** Returns the state of errors that nothing catches. */
  uncaught(): string {
    if (this.#uncaught === undefined) {
      this.#uncaught = this.id("uncaught");
      const values = ["title", "detail", "type", "status", "instance"].map((key) =>
        template(`vars.failure.${key}`),
      );
      const [title, detail, ...others] = values;
      this.#states[this.#uncaught] = { final: true, fail: `${title}: ${detail} (${others.join(", ")})` };
    }
    return this.#uncaught;
  }

  #tree(initial: string): Tree {
    const vars = Object.fromEntries([...this.#vars].map((each) => [each, null]));
    // A task that is not translated leaves empty states that nothing leads to.
    const states = Object.fromEntries(
      Object.entries(this.#states).filter(([, state]) => Object.keys(state).length > 0),
    );
    return { vars, initial, states };
  }

  id(proposed: string): string {
    const id = firstFree(nameFromCamelCase(proposed), (each) => this.#states[each] !== undefined);
    // Reserves its place in the order.
    this.#states[id] = {};
    return id;
  }

  variable(proposed: string): string {
    const name = firstFree(proposed, (each) => this.#vars.has(each), "_");
    this.#vars.add(name);
    return name;
  }

  /** Returns the first state of a list of tasks. */
  list(items: readonly unknown[], path: Path, around: Around, isSingle = false): string {
    const tasks = items.map((item, index) => {
      const [name = `task ${index + 1}`] = isMembers(item) ? Object.keys(item) : [];
      const at = isSingle ? [...path, name] : [...path, index, name];
      return { name, at, id: this.id(name), task: isMembers(item) ? item[name] : undefined };
    });
    for (const [index, { name, at, id, task }] of tasks.entries()) {
      const next = tasks[index + 1]?.id ?? around.exit;
      const targetOf = (then: string): string => {
        if (then === "" || then === "continue") return next;
        if (then === "exit") return around.exit;
        if (then === "end") return around.end;
        const found = tasks.find((each) => each.name === then);
        if (found === undefined)
          throw new NotImported(`line ${this.#source.lineOf(at)}: no task \`${then}\``);
        return found.id;
      };
      this.#addState(id, `task ${name}`, at, () => {
        if (!isMembers(task)) throw new UnsupportedConstruct("it is no task");
        return this.#translate({ states: this, task, name, path: at, id, next, targetOf, around });
      });
    }
    return tasks[0]?.id ?? around.exit;
  }

  state(id: string, state: Tree, title?: string): void {
    this.#states[id] = { ...(title !== undefined && { title: plain(title.slice(0, 200)) }), ...state };
  }

  report(path: Path, construct: string, reason: string): void {
    this.#source.report(path, construct, reason);
  }

  /** Lists a capability when it is first used. */
  capability(capability: string, path: Path, construct: string): void {
    if (this.#capabilities.has(capability)) return;
    this.#capabilities.add(capability);
    const reason = `a worker has to offer the capability \`${capability}\``;
    this.#source.collector.report(this.#source.lineOf(path), construct, reason);
  }

  /** Returns a definition in `use`: `retries`, `errors`, `timeouts`. */
  used(kind: string, name: string): Members {
    return membersIn(membersIn(membersIn(this.#source.root, "use"), kind), name);
  }

  child(branches: readonly unknown[], path: Path, name: string, names: Names): string {
    const workflow = this.#source.collector.freeName(`${this.#name}-${name}`);
    const states = new States(this.#source, workflow, this.#capabilities, {}, this.#translate);
    this.#source.collector.add(states.branches(branches, path, names), this.#source.lineOf(path));
    return workflow;
  }

  timeout(value: unknown, path: Path): string | undefined {
    const after =
      typeof value === "string"
        ? this.used("timeouts", value)["after"]
        : isMembers(value)
          ? value["after"]
          : undefined;
    if (value === undefined) return undefined;
    const duration = durationOf(after);
    if (duration === undefined) this.#source.report(path, "timeout", "a computed limit has no counterpart");
    return duration;
  }

  /**
   * Translates a value of the file that contains templates. @param isData whether a text without `${ }` is a
   * text
   */
  fill(value: unknown, path: Path, dot: string, names: Names, isData = true): Json {
    if (typeof value === "string") {
      if (isData && !value.includes("${")) return plain(value);
      if (isData && !isJq(value))
        throw new UnsupportedConstruct(`\`${value.slice(0, 60)}\` is more than an expression`, path);
      return template(this.expression(value, path, dot, names));
    }
    if (Array.isArray(value))
      return value.map((each, index) => this.fill(each, [...path, index], dot, names));
    if (!isMembers(value)) return value as Json;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, this.fill(each, [...path, key], dot, names)]),
    );
  }

  expression(value: unknown, path: Path, dot: string, names: Names, isCondition = false): string {
    const text = String(value);
    const [, inner = text] = /^\s*\$\{([\s\S]*)\}\s*$/.exec(text) ?? [];
    try {
      const reader = new JqReader(inner, { dot, names });
      return isCondition ? reader.condition() : reader.value();
    } catch (error) {
      if (error instanceof UnsupportedConstruct && error.path === undefined)
        throw new UnsupportedConstruct(error.message, path);
      throw error;
    }
  }
}

function copied(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
