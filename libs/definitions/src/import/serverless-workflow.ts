/**
 * A workflow of Serverless Workflow 1.0. Tasks become states of one workflow, also those inside `do`, `for` and `try`. The
 * variable `data` is what passes from task to task, and `context` is what they export. The branches of `fork` become a
 * workflow of their own, which the state runs once for each branch.
 *
 * A task with a construct that would change what it does is not translated: the run fails there.
 */
import type { Json } from "@tutti/expressions";
import { condition, expressionOf, NoCounterpart, plain, record, template } from "./cel.ts";
import {
  ForeignDocument,
  isMembers,
  listIn,
  type Members,
  membersIn,
  type Path,
  textIn,
} from "./foreign-document.ts";
import { type Imported, NotImported, nameFrom, nameFromCamelCase } from "./imported.ts";
import { isJq, JqReader } from "./jq-expression.ts";
import {
  callOf,
  durationOf,
  type Fill,
  failure,
  listenOf,
  runOf,
  safe,
  tests,
  times,
  varsIn,
  workflowName,
} from "./serverless-workflow-tasks.ts";

type Tree = { readonly [key: string]: Json };
type Names = Readonly<Record<string, string>>;

export function importServerlessWorkflow(text: string): Imported {
  const source = new ForeignDocument(text);
  const { root, collector } = source;
  const about = membersIn(root, "document");
  const dsl = textIn(about, "dsl");
  if (!/^1\.0\.\d+$/.test(dsl)) throw new NotImported("its `document.dsl` is not 1.0");
  const [language, mode] = ["language", "mode"].map((key) => textIn(membersIn(root, "evaluate"), key));
  if (language !== "" && language !== "jq") throw new NotImported(`expressions in ${language} are not known`);
  if (mode !== "" && mode !== "strict")
    source.leave(["evaluate", "mode"], `mode: ${mode}`, "a text is an expression only in `${ }`");
  const namespace = textIn(about, "namespace");
  const name = collector.freeName(workflowName(namespace, textIn(about, "name")));
  const states = new States(source, name, new Set(), {
    "$workflow.definition.document.name": JSON.stringify(textIn(about, "name")),
    "$workflow.definition.document.namespace": JSON.stringify(namespace),
    "$workflow.definition.document.version": JSON.stringify(textIn(about, "version")),
    "$workflow.id": "run.id",
    "$workflow.input": "dyn(input)",
    "$runtime.name": '"tutti"',
    $context: "vars.context",
  });
  const tree = states.build(root);
  const words = [textIn(about, "title"), textIn(about, "summary"), `Version ${textIn(about, "version")}`];
  const description = words.filter((each) => each !== "").join(". ");
  const { workflow = name, ...rest } = tree;
  const shown = collector.fit(description, 4000, source.lineOf(["document"]), "document.summary");
  collector.add({ workflow, description: shown, ...rest }, 1);
  addSchedule(source, name);
  return source.finish();
}

function addSchedule(source: ForeignDocument, workflow: string): void {
  const given = membersIn(source.root, "schedule");
  const schedule = nameFrom(`${workflow}-schedule`);
  const line = source.lineOf(["schedule"]);
  if (typeof given["cron"] === "string")
    source.collector.add({ schedule, workflow, cron: given["cron"], timeZone: "UTC" }, line);
  const every = given["every"] === undefined ? undefined : durationOf(given["every"]);
  if (every !== undefined) source.collector.add({ schedule, workflow, every }, line);
  for (const key of ["on", "after"])
    if (given[key] !== undefined) source.leave(["schedule", key], `schedule: ${key}`, "add a trigger for it");
}

/** What is around a list of tasks. */
interface Around {
  /** Where the list ends, and where the workflow does. */
  readonly exit: string;
  readonly end: string;
  /** The state that handles errors. Undefined: the run fails. */
  readonly failed: string | undefined;
  /** Names of jq: items of loops, caught errors. */
  readonly names: Names;
}

class States {
  readonly #source: ForeignDocument;
  readonly #name: string;
  readonly #capabilities: Set<string>;
  readonly #names: Names;
  readonly #states: Record<string, Tree> = {};
  readonly #vars = new Set(["data", "context", "failure"]);
  #uncaught: string | undefined;

  constructor(source: ForeignDocument, name: string, capabilities: Set<string>, names: Names) {
    this.#source = source;
    this.#name = name;
    this.#capabilities = capabilities;
    this.#names = names;
  }

  /** The whole workflow. */
  build(root: Members): Tree {
    const [begin, end] = [this.id("begin"), this.id("end")];
    const around: Around = { exit: end, end, failed: undefined, names: this.#names };
    const start = this.list(listIn(root, "do"), ["do"], around);
    const from = membersIn(root, "input")["from"];
    const to = membersIn(root, "output")["as"];
    const input = "(dyn(input) == null ? {} : input)";
    this.#put(begin, "input", ["input"], () => {
      const data =
        from === undefined ? template(input) : this.fill(from, ["input", "from"], input, around.names, false);
      return { always: { to: start, set: { data } } };
    });
    delete this.#states[end];
    this.#put(end, "output", ["output"], () => {
      const output =
        to === undefined
          ? template("vars.data")
          : this.fill(to, ["output", "as"], "vars.data", around.names, false);
      return { final: true, output };
    });
    const schema = membersIn(membersIn(root, "input"), "schema");
    const format = textIn(schema, "format");
    if (format !== "" && format !== "json")
      this.leave(["input", "schema", "format"], `format: ${format}`, "a schema is JSON Schema");
    const timeout = this.timeout(root["timeout"], ["timeout"]);
    return {
      workflow: this.#name,
      ...(isMembers(schema["document"]) && { input: { schema: copied(schema["document"]) } }),
      ...(timeout !== undefined && { timeout }),
      ...this.#tree(begin),
    };
  }

  /** The branches of a `fork`, of which a run does that of its index. */
  branches(branches: readonly unknown[], path: Path, names: Names): Tree {
    const [begin, end] = [this.id("begin"), this.id("end")];
    for (const name of varsIn(names)) this.#vars.add(name);
    const given = [...this.#vars].filter((each) => each !== "failure");
    const set = Object.fromEntries(given.map((each) => [each, template(`input.vars.${each}`)]));
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

  /** A state, or one that fails if it is not translated. */
  #put(id: string, name: string, path: Path, make: () => Tree): void {
    try {
      this.#states[id] = make();
    } catch (error) {
      if (!(error instanceof NoCounterpart)) throw error;
      this.#source.leave(error.path ?? path, name, `${error.message}. The run fails here`, path);
      this.#states[id] = { final: true, fail: plain(`The ${name} is not translated.`) };
    }
  }

  /** The state of errors that nothing catches. */
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
    // A task that is not translated leaves places of states that nothing leads to.
    const states = Object.fromEntries(
      Object.entries(this.#states).filter(([, state]) => Object.keys(state).length > 0),
    );
    return { vars, initial, states };
  }

  id(wanted: string): string {
    const slug = nameFromCamelCase(wanted);
    let id = slug;
    for (let number = 2; this.#states[id] !== undefined; number++) id = `${slug}-${number}`;
    // Keeps its place.
    this.#states[id] = {};
    return id;
  }

  variable(wanted: string): string {
    let name = wanted;
    for (let number = 2; this.#vars.has(name); number++) name = `${wanted}_${number}`;
    this.#vars.add(name);
    return name;
  }

  /** Returns the state that a list of tasks starts with. */
  list(items: readonly unknown[], path: Path, around: Around, isSingle = false): string {
    const tasks = items.map((item, index) => {
      const [name = `task ${index + 1}`] = isMembers(item) ? Object.keys(item) : [];
      const at = isSingle ? [...path, name] : [...path, index, name];
      return { name, at, id: this.id(name), task: isMembers(item) ? item[name] : undefined };
    });
    for (const [index, { name, at, id, task }] of tasks.entries()) {
      const next = tasks[index + 1]?.id ?? around.exit;
      const goTo = (then: string): string => {
        if (then === "" || then === "continue") return next;
        if (then === "exit") return around.exit;
        if (then === "end") return around.end;
        const found = tasks.find((each) => each.name === then);
        if (found === undefined)
          throw new NotImported(`line ${this.#source.lineOf(at)}: no task \`${then}\``);
        return found.id;
      };
      this.#put(id, `task ${name}`, at, () => {
        if (!isMembers(task)) throw new NoCounterpart("it is no task");
        return new Task({ states: this, task, name, path: at, id, next, goTo, around }).build();
      });
    }
    return tasks[0]?.id ?? around.exit;
  }

  state(id: string, state: Tree, title?: string): void {
    this.#states[id] = { ...(title !== undefined && { title: plain(title.slice(0, 200)) }), ...state };
  }

  leave(path: Path, construct: string, reason: string): void {
    this.#source.leave(path, construct, reason);
  }

  /** Lists a capability when it is first used. */
  capability(capability: string, path: Path, construct: string): void {
    if (this.#capabilities.has(capability)) return;
    this.#capabilities.add(capability);
    const reason = `a worker has to offer the capability \`${capability}\``;
    this.#source.collector.leave(this.#source.lineOf(path), construct, reason);
  }

  /** Definitions of `use`: `retries`, `errors`, `timeouts`. */
  used(kind: string, name: string): Members {
    return membersIn(membersIn(membersIn(this.#source.root, "use"), kind), name);
  }

  child(branches: readonly unknown[], path: Path, name: string, names: Names): string {
    const workflow = this.#source.collector.freeName(`${this.#name}-${name}`);
    const states = new States(this.#source, workflow, this.#capabilities, {});
    this.#source.collector.add(states.branches(branches, path, names), this.#source.lineOf(path));
    return workflow;
  }

  timeout(given: unknown, path: Path): string | undefined {
    const after =
      typeof given === "string"
        ? this.used("timeouts", given)["after"]
        : isMembers(given)
          ? given["after"]
          : undefined;
    if (given === undefined) return undefined;
    const duration = durationOf(after);
    if (duration === undefined) this.#source.leave(path, "timeout", "a computed limit has no counterpart");
    return duration;
  }

  /** A value of the file with templates. @param isData Whether a text without `${ }` is a text. */
  fill(value: unknown, path: Path, dot: string, names: Names, isData = true): Json {
    if (typeof value === "string") {
      if (isData && !value.includes("${")) return plain(value);
      if (isData && !isJq(value))
        throw new NoCounterpart(`\`${value.slice(0, 60)}\` is more than an expression`, path);
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
      if (error instanceof NoCounterpart && error.path === undefined)
        throw new NoCounterpart(error.message, path);
      throw error;
    }
  }
}

interface TaskOptions {
  readonly states: States;
  readonly task: Members;
  readonly name: string;
  readonly path: Path;
  readonly id: string;
  /** The task behind it, or the end of the list. */
  readonly next: string;
  readonly goTo: (then: string) => string;
  readonly around: Around;
}

class Task {
  readonly #o: TaskOptions;
  readonly #states: States;
  readonly #task: Members;
  readonly #names: Names;
  readonly #to: string;

  constructor(options: TaskOptions) {
    this.#o = options;
    this.#states = options.states;
    this.#task = options.task;
    this.#names = {
      ...options.around.names,
      $input: "vars.data",
      "$task.name": JSON.stringify(options.name),
    };
    this.#to = options.goTo(textIn(options.task, "then"));
  }

  /** The state that the task starts with. */
  build(): Tree {
    const [task, states, { path, name }] = [this.#task, this.#states, this.#o];
    const from = membersIn(task, "input")["from"];
    const title = plain(name.slice(0, 200));
    if (task["if"] === undefined && from === undefined) return { title, ...this.#state() };
    const body = states.id(`${name}-do`);
    const set = from === undefined ? {} : { set: { data: this.#filled(from, "input", "from") } };
    states.state(body, this.#state(), name);
    if (task["if"] === undefined) return { title, always: { to: body, ...set } };
    const when = states.expression(task["if"], [...path, "if"], "vars.data", this.#names, true);
    return { title, always: [{ when: condition(when), to: body, ...set }, { to: this.#o.next }] };
  }

  #state(): Tree {
    const [task, { path, around }] = [this.#task, this.#o];
    if (task["set"] !== undefined) return { always: this.#onwards(this.#data(task["set"], "set")) };
    if (task["switch"] !== undefined) return this.#switch();
    if (task["for"] !== undefined) return this.#for();
    if (task["try"] !== undefined) return this.#try();
    if (task["do"] !== undefined) {
      const exit = this.#exit();
      return this.#into(
        this.#states.list(listIn(task, "do"), [...path, "do"], { ...around, exit, names: this.#inner() }),
      );
    }
    if (task["fork"] !== undefined) return this.#fork();
    if (task["raise"] !== undefined) return this.#raise();
    if (task["wait"] !== undefined) {
      const wait = durationOf(task["wait"]);
      if (wait === undefined) throw new NoCounterpart("its duration is computed", [...path, "wait"]);
      return this.#run({ wait: { for: wait } }, "vars.data");
    }
    if (task["listen"] !== undefined) return this.#listen();
    if (task["emit"] !== undefined) return this.#emit();
    const fill: Fill = (value, ...keys) => this.#data(value, ...keys);
    if (task["run"] !== undefined) {
      const { run, output } = runOf(membersIn(task, "run"), path, fill);
      return this.#run(run, output, "run");
    }
    const call = textIn(task, "call");
    if (call === "") throw new NoCounterpart("its kind is unknown");
    return this.#run(callOf(call, task["with"], path, fill), "output", "call");
  }

  #data(value: unknown, ...keys: readonly (string | number)[]): Json {
    return this.#states.fill(value, [...this.#o.path, ...keys], "vars.data", this.#names);
  }

  #filled(value: unknown, ...keys: readonly (string | number)[]): Json {
    return this.#states.fill(value, [...this.#o.path, ...keys], "vars.data", this.#names, false);
  }

  /** The transition to the next task. @param raw What the task has put out. */
  #onwards(raw: Json, to = this.#to, names = this.#names): Tree {
    const [{ path }, states] = [this.#o, this.#states];
    const [as, exported] = [membersIn(this.#task, "output")["as"], membersIn(this.#task, "export")["as"]];
    const output =
      as === undefined
        ? raw
        : states.fill(
            as,
            [...path, "output", "as"],
            expressionOf(raw),
            { ...names, $output: expressionOf(raw) },
            false,
          );
    const dot = expressionOf(output);
    const context =
      exported === undefined
        ? undefined
        : states.fill(exported, [...path, "export", "as"], dot, { ...names, $output: dot }, false);
    const set = {
      ...(output !== template("vars.data") && { data: output }),
      ...(context !== undefined && { context }),
    };
    return { to, ...(Object.keys(set).length > 0 && { set }) };
  }

  /** A state that does something. */
  #run(run: Tree, output: string, key?: string): Tree {
    const [{ path, name }, states] = [this.#o, this.#states];
    if (typeof run["uses"] === "string" && run["uses"] !== "tutti.emit" && key !== undefined)
      states.capability(run["uses"], [...path, key], `${name}: ${key}`);
    const timeout = states.timeout(this.#task["timeout"], [...path, "timeout"]);
    return {
      run: {
        ...run,
        ...(run["wait"] === undefined && { retry: 1 }),
        ...(timeout !== undefined && { timeout }),
      },
      onDone: this.#onwards(template(output)),
      ...this.#failing(),
    };
  }

  /** Goes to the state that handles errors. */
  #failing(): Tree {
    const { around, path } = this.#o;
    if (around.failed === undefined) return {};
    return { onFailed: { to: around.failed, set: { failure: failure(path) } } };
  }

  /** Names of tasks inside. */
  #inner(): Names {
    const { $input: _, "$task.name": __, ...names } = this.#names;
    return names;
  }

  /** A state behind the tasks inside, where their output is transformed. */
  #exit(): string {
    if (this.#task["output"] === undefined && this.#task["export"] === undefined) return this.#to;
    const id = this.#states.id(`${this.#o.name}-done`);
    const input = this.#saved();
    this.#states.state(id, {
      always: this.#onwards(template("vars.data"), this.#to, { ...this.#names, $input: `vars.${input}` }),
    });
    return id;
  }

  #input: string | undefined;

  /** The variable with the input of a task that has tasks inside. */
  #saved(): string {
    this.#input ??= this.#states.variable("input");
    return this.#input;
  }

  /** Goes to the tasks inside. */
  #into(to: string, set: Tree = {}): Tree {
    const all = { ...(this.#input !== undefined && { [this.#input]: template("vars.data") }), ...set };
    return { always: { to, ...(Object.keys(all).length > 0 && { set: all }) } };
  }

  #switch(): Tree {
    const { path, goTo } = this.#o;
    const raw = template("vars.data");
    const always: Json[] = [];
    for (const [index, item] of listIn(this.#task, "switch").entries()) {
      const [name = ""] = isMembers(item) ? Object.keys(item) : [];
      const given = isMembers(item) ? membersIn(item, name) : {};
      const to = goTo(textIn(given, "then"));
      const at = [...path, "switch", index, name, "when"];
      if (given["when"] === undefined) always.push(this.#onwards(raw, to));
      else {
        const when = this.#states.expression(given["when"], at, "vars.data", this.#names, true);
        always.push({ when: condition(when), ...this.#onwards(raw, to) });
      }
    }
    always.push(this.#onwards(raw));
    return { always };
  }

  #for(): Tree {
    const [task, states, { path, around, name }] = [this.#task, this.#states, this.#o];
    const loop = membersIn(task, "for");
    const [each, at] = [textIn(loop, "each") || "item", textIn(loop, "at") || "index"];
    const [list, item, index] = [
      states.variable("list"),
      states.variable(safe(each)),
      states.variable(safe(at)),
    ];
    const names = { ...this.#inner(), [`$${each}`]: `vars.${item}`, [`$${at}`]: `vars.${index}` };
    const [head, check, step] = [
      states.id(`${name}-next`),
      states.id(`${name}-check`),
      states.id(`${name}-step`),
    ];
    const exit = this.#exit();
    const body = states.list(listIn(task, "do"), [...path, "do"], { ...around, exit: step, names });
    const more = {
      when: `vars.${index} < size(vars.${list})`,
      to: check,
      set: { [item]: template(`vars.${list}[int(vars.${index})]`) },
    };
    // Time passes between rounds: transitions at once have a limit.
    states.state(head, { after: { "1ms": [more, { to: exit }] } });
    const rounds =
      task["while"] === undefined
        ? { to: body }
        : [
            {
              when: condition(states.expression(task["while"], [...path, "while"], "vars.data", names, true)),
              to: body,
            },
            { to: exit },
          ];
    states.state(check, { always: rounds });
    states.state(step, { always: { to: head, set: { [index]: template(`vars.${index} + 1`) } } });
    const all = states.expression(loop["in"], [...path, "for", "in"], "vars.data", this.#names);
    return this.#into(head, { [list]: template(`(dyn(${all}) == null ? [] : ${all})`), [index]: 0 });
  }

  #try(): Tree {
    const [task, states, { path, around, name }] = [this.#task, this.#states, this.#o];
    const given = membersIn(task, "catch");
    const as = textIn(given, "as") || "error";
    const [error, input, exit] = [states.variable(safe(as)), this.#saved(), this.#exit()];
    const names = { ...this.#inner(), [`$${as}`]: `vars.${error}` };
    const handler = listIn(given, "do");
    const to =
      handler.length === 0
        ? exit
        : states.list(handler, [...path, "catch", "do"], { ...around, exit, names });
    const conditions = Object.entries(membersIn(membersIn(given, "errors"), "with")).map(
      ([key, value]) =>
        `vars.failure.${key} == ${expressionOf(this.#data(value, "catch", "errors", "with", key))}`,
    );
    for (const [key, isNot] of tests)
      if (given[key] !== undefined)
        conditions.push(this.#onError(given[key], as, isNot, [...path, "catch", key]));
    const failed = states.id(`${name}-catch`);
    const retry = this.#retry(given["retry"], as);
    const body = states.list(listIn(task, "try"), [...path, "try"], {
      ...around,
      exit,
      names: this.#inner(),
      failed,
    });
    const kept = { [error]: template("vars.failure") };
    const always: Json[] = [];
    if (retry !== undefined)
      always.push({
        when: condition([...conditions, retry.when].join(" && ")),
        to: retry.id,
        set: { ...kept, [retry.count]: template(`vars.${retry.count} + 1`) },
      });
    // Without a handler the error counts once its attempts are over.
    const isHandled = retry === undefined || handler.length > 0;
    if (isHandled)
      always.push({
        ...(conditions.length > 0 && { when: condition(conditions.join(" && ")) }),
        to,
        set: { ...kept, data: template(`vars.${input}`) },
      });
    if (conditions.length > 0 || !isHandled) always.push({ to: around.failed ?? states.uncaught() });
    states.state(failed, { always });
    if (retry !== undefined) {
      const wait = template(`${retry.pauses}[int(vars.${retry.count}) - 1]`);
      states.state(
        retry.id,
        { run: { wait: { for: wait } }, onDone: { to: body, set: { data: template(`vars.${input}`) } } },
        `${name}: retry`,
      );
    }
    return this.#into(body, retry === undefined ? {} : { [retry.count]: 0 });
  }

  /** A condition on an error, which is `.` and its name. */
  #onError(value: unknown, as: string, isNot: boolean, path: Path): string {
    const names = { ...this.#inner(), [`$${as}`]: "vars.failure" };
    const when = this.#states.expression(value, path, "vars.failure", names, true);
    return isNot ? `!(${when})` : when;
  }

  #retry(given: unknown, as: string) {
    if (given === undefined) return undefined;
    const path = [...this.#o.path, "catch", "retry"];
    const policy =
      typeof given === "string" ? this.#states.used("retries", given) : isMembers(given) ? given : {};
    const count = membersIn(membersIn(policy, "limit"), "attempt")["count"];
    const delay = policy["delay"] === undefined ? "1ms" : durationOf(policy["delay"]);
    if (typeof count !== "number" || count < 1 || count > 100 || delay === undefined)
      throw new NoCounterpart("a retry needs `limit.attempt.count` from 1 to 100 and a `delay`", path);
    const backoff = membersIn(policy, "backoff");
    const factor = (attempt: number) =>
      "exponential" in backoff ? Math.min(2 ** attempt, 2 ** 20) : "linear" in backoff ? attempt + 1 : 1;
    // Which of them is there is all that counts.
    for (const key of ["constant", "linear", "exponential"]) Reflect.get(backoff, key);
    const pauses = Array.from({ length: count }, (_, attempt) =>
      JSON.stringify(times(delay, factor(attempt))),
    );
    const name = this.#states.variable("attempts");
    const conditions = [`vars.${name} < ${count}`];
    for (const [key, isNot] of tests)
      if (policy[key] !== undefined) conditions.push(this.#onError(policy[key], as, isNot, [...path, key]));
    const id = this.#states.id(`${this.#o.name}-retry`);
    return { id, count: name, pauses: `[${pauses.join(", ")}]`, when: conditions.join(" && ") };
  }

  #fork(): Tree {
    const { path, name } = this.#o;
    const fork = membersIn(this.#task, "fork");
    const branches = listIn(fork, "branches");
    if (fork["compete"] === true)
      throw new NoCounterpart("branches that compete have no counterpart", [...path, "fork", "compete"]);
    if (branches.length === 0) throw new NoCounterpart("it has no branches");
    const names = this.#inner();
    const workflow = this.#states.child(branches, [...path, "fork", "branches"], name, names);
    const vars = ["data", "context", ...varsIn(names)];
    return this.#run(
      {
        forEach: `[${branches.map((_, index) => index).join(", ")}]`,
        workflow,
        with: {
          branch: template("index"),
          vars: Object.fromEntries(vars.map((each) => [each, template(`vars.${each}`)])),
        },
      },
      "output",
    );
  }

  #raise(): Tree {
    const [states, { path, around }] = [this.#states, this.#o];
    const given = membersIn(this.#task, "raise")["error"];
    const members = typeof given === "string" ? states.used("errors", given) : isMembers(given) ? given : {};
    const filled = this.#data({ ...members }, "raise", "error") as Tree;
    if (filled["type"] === undefined) throw new NoCounterpart("its error has no `type`", [...path, "raise"]);
    const unset = { title: "", detail: "", status: 0, instance: `/${path.join("/")}` };
    return { always: { to: around.failed ?? states.uncaught(), set: { failure: { ...unset, ...filled } } } };
  }

  #listen(): Tree {
    const [states, { path, name }] = [this.#states, this.#o];
    const fill = (value: unknown, at: Path, dot: string) =>
      states.expression(value, at, dot, this.#inner(), true);
    const { waits, read } = listenOf(membersIn(this.#task, "listen"), [...path, "listen"], fill);
    const [first = {}, ...others] = waits;
    if (others.length === 0) return this.#run({ wait: first }, `[${read}]`);
    // All events, one after the other: those that came early are kept.
    const events = states.variable("events");
    let [id, added] = ["", `[${read}]`];
    const states_ = waits.map((wait, index) => {
      const here = id;
      id = states.id(`${name}-event-${index + 2}`);
      const onDone: Tree =
        index === waits.length - 1
          ? this.#onwards(template(`vars.${events} + [${read}]`))
          : { to: id, set: { [events]: template(added) } };
      added = `vars.${events} + [${read}]`;
      const state: Tree = { run: { wait }, onDone, ...this.#failing() };
      if (here !== "") states.state(here, state);
      return state;
    });
    return states_[0] ?? {};
  }

  #emit(): Tree {
    const given = membersIn(membersIn(membersIn(this.#task, "emit"), "event"), "with");
    const filled = this.#data(given, "emit", "event", "with") as Tree;
    const known = ["type", "data", "id", "subject", "source"];
    const other = Object.keys(filled).find((key) => !known.includes(key));
    const at = [...this.#o.path, "emit", "event", "with"];
    if (other !== undefined)
      throw new NoCounterpart(`the attribute \`${other}\` has no counterpart`, [...at, other]);
    const event = record([
      ["specversion", '"1.0"'],
      ...["id", "source", "type", "time"].map((key): [string, string] => [key, `output.${key}`]),
      ["data", expressionOf(filled["data"] ?? null)],
    ]);
    return this.#run({ uses: "tutti.emit", with: filled }, event);
  }
}

function copied(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
