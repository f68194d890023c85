/** Translates one task of Serverless Workflow to a state, with the states of the tasks inside it. */
import type { Json } from "@tutti/expressions";
import { condition, expressionOf, plain, record, template, UnsupportedConstruct } from "../cel.ts";
import { isMembers, listIn, type Members, membersIn, type Path, textIn } from "../foreign-document.ts";
import type { Tree } from "../imported.ts";
import type { Names, States, TaskOptions } from "./states.ts";
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
} from "./values.ts";

export class Task {
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
    this.#to = options.targetOf(textIn(options.task, "then"));
  }

  /** Returns the first state of the task. */
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
      if (wait === undefined) throw new UnsupportedConstruct("its duration is computed", [...path, "wait"]);
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
    if (call === "") throw new UnsupportedConstruct("its kind is unknown");
    return this.#run(callOf(call, task["with"], path, fill), "output", "call");
  }

  #data(value: unknown, ...keys: readonly (string | number)[]): Json {
    return this.#states.fill(value, [...this.#o.path, ...keys], "vars.data", this.#names);
  }

  #filled(value: unknown, ...keys: readonly (string | number)[]): Json {
    return this.#states.fill(value, [...this.#o.path, ...keys], "vars.data", this.#names, false);
  }

  /** Returns the transition to the next task. @param raw raw output of the task */
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

  /** Returns a state with work. */
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

  /** Returns the transition to the state that handles errors. */
  #failing(): Tree {
    const { around, path } = this.#o;
    if (around.failed === undefined) return {};
    return { onFailed: { to: around.failed, set: { failure: failure(path) } } };
  }

  /** Returns the names for the tasks inside. */
  #inner(): Names {
    const { $input: _, "$task.name": __, ...names } = this.#names;
    return names;
  }

  /** Returns the state after the tasks inside, which transforms their output. */
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

  /** Returns the variable with the input of a task that contains tasks. */
  #saved(): string {
    this.#input ??= this.#states.variable("input");
    return this.#input;
  }

  /** Returns the transition to the tasks inside. */
  #into(to: string, set: Tree = {}): Tree {
    const all = { ...(this.#input !== undefined && { [this.#input]: template("vars.data") }), ...set };
    return { always: { to, ...(Object.keys(all).length > 0 && { set: all }) } };
  }

  #switch(): Tree {
    const { path, targetOf } = this.#o;
    const raw = template("vars.data");
    const always: Json[] = [];
    for (const [index, item] of listIn(this.#task, "switch").entries()) {
      const [name = ""] = isMembers(item) ? Object.keys(item) : [];
      const branch = isMembers(item) ? membersIn(item, name) : {};
      const to = targetOf(textIn(branch, "then"));
      const at = [...path, "switch", index, name, "when"];
      if (branch["when"] === undefined) always.push(this.#onwards(raw, to));
      else {
        const when = this.#states.expression(branch["when"], at, "vars.data", this.#names, true);
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
    // Rounds need a pause: immediate transitions have a limit.
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
    const catcher = membersIn(task, "catch");
    const as = textIn(catcher, "as") || "error";
    const [error, input, exit] = [states.variable(safe(as)), this.#saved(), this.#exit()];
    const names = { ...this.#inner(), [`$${as}`]: `vars.${error}` };
    const handler = listIn(catcher, "do");
    const to =
      handler.length === 0
        ? exit
        : states.list(handler, [...path, "catch", "do"], { ...around, exit, names });
    const conditions = Object.entries(membersIn(membersIn(catcher, "errors"), "with")).map(
      ([key, value]) =>
        `vars.failure.${key} == ${expressionOf(this.#data(value, "catch", "errors", "with", key))}`,
    );
    for (const [key, isNot] of tests)
      if (catcher[key] !== undefined)
        conditions.push(this.#onError(catcher[key], as, isNot, [...path, "catch", key]));
    const failed = states.id(`${name}-catch`);
    const retry = this.#retry(catcher["retry"], as);
    const body = states.list(listIn(task, "try"), [...path, "try"], {
      ...around,
      exit,
      names: this.#inner(),
      failed,
    });
    const savedError = { [error]: template("vars.failure") };
    const always: Json[] = [];
    if (retry !== undefined)
      always.push({
        when: condition([...conditions, retry.when].join(" && ")),
        to: retry.id,
        set: { ...savedError, [retry.count]: template(`vars.${retry.count} + 1`) },
      });
    // Without a handler the error counts after all attempts.
    const isHandled = retry === undefined || handler.length > 0;
    if (isHandled)
      always.push({
        ...(conditions.length > 0 && { when: condition(conditions.join(" && ")) }),
        to,
        set: { ...savedError, data: template(`vars.${input}`) },
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

  /** Translates a condition on an error, which is `.` and its name. */
  #onError(value: unknown, as: string, isNot: boolean, path: Path): string {
    const names = { ...this.#inner(), [`$${as}`]: "vars.failure" };
    const when = this.#states.expression(value, path, "vars.failure", names, true);
    return isNot ? `!(${when})` : when;
  }

  #retry(value: unknown, as: string) {
    if (value === undefined) return undefined;
    const path = [...this.#o.path, "catch", "retry"];
    const policy =
      typeof value === "string" ? this.#states.used("retries", value) : isMembers(value) ? value : {};
    const count = membersIn(membersIn(policy, "limit"), "attempt")["count"];
    const delay = policy["delay"] === undefined ? "1ms" : durationOf(policy["delay"]);
    if (typeof count !== "number" || count < 1 || count > 100 || delay === undefined)
      throw new UnsupportedConstruct("a retry needs `limit.attempt.count` from 1 to 100 and a `delay`", path);
    const backoff = membersIn(policy, "backoff");
    const factor = (attempt: number) =>
      "exponential" in backoff ? Math.min(2 ** attempt, 2 ** 20) : "linear" in backoff ? attempt + 1 : 1;
    // Only the key matters, not its content.
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
      throw new UnsupportedConstruct("branches that compete have no counterpart", [
        ...path,
        "fork",
        "compete",
      ]);
    if (branches.length === 0) throw new UnsupportedConstruct("it has no branches");
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
    const error = membersIn(this.#task, "raise")["error"];
    const members = typeof error === "string" ? states.used("errors", error) : isMembers(error) ? error : {};
    const filled = this.#data({ ...members }, "raise", "error") as Tree;
    if (filled["type"] === undefined)
      throw new UnsupportedConstruct("its error has no `type`", [...path, "raise"]);
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
    // Waits for all events, one after the other: early ones are kept.
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
    const attributes = membersIn(membersIn(membersIn(this.#task, "emit"), "event"), "with");
    const filled = this.#data(attributes, "emit", "event", "with") as Tree;
    const known = ["type", "data", "id", "subject", "source"];
    const other = Object.keys(filled).find((key) => !known.includes(key));
    const at = [...this.#o.path, "emit", "event", "with"];
    if (other !== undefined)
      throw new UnsupportedConstruct(`the attribute \`${other}\` has no counterpart`, [...at, other]);
    const event = record([
      ["specversion", '"1.0"'],
      ...["id", "source", "type", "time"].map((key): [string, string] => [key, `output.${key}`]),
      ["data", expressionOf(filled["data"] ?? null)],
    ]);
    return this.#run({ uses: "tutti.emit", with: filled }, event);
  }
}
