/**
 * Imports a DAG of Airflow from its Python file. The file is parsed and not run. Each operator and each call of a task
 * function becomes a task, in the order of `>>`, `<<`, `chain` and outputs that are passed on.
 *
 * A task with a construct that would change its behavior is not translated: the run fails there. Code that creates
 * tasks in loops or conditions is listed.
 */

import type { Json } from "@tutti/expressions";
import { member, plain, seconds, template, UnsupportedConstruct } from "../cel.ts";
import { entryOf } from "../foreign-document.ts";
import { type Argument, type Expression, readPython, type Statement } from "../foreign-python.ts";
import {
  Collector,
  firstFree,
  type Imported,
  NotImported,
  nameFrom,
  nameFromCamelCase,
  type Reason,
} from "../imported.ts";
import { failingWork, type Group, link, rules, type Task, tasksInOrder, writtenTask } from "./graph.ts";
import { mappedItem, mappedOver, operatorCall, type TaskCall, taskCallOf, taskOf } from "./mapping.ts";
import { dateTask, dateWork, resultOf } from "./templates.ts";
import {
  excerpt,
  isBaseArgument,
  isLiteral,
  isMapOfTexts,
  jsonOf,
  type Names,
  secondsOf,
  taskId,
} from "./values.ts";

interface Dag {
  readonly name: string;
  readonly call: Expression;
  readonly defaults: ReadonlyMap<string, Expression>;
  readonly readDefaults: Set<string>;
  readonly tasks: Map<string, Task>;
}

const presets: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};
const dagIsMade =
  "it creates a DAG when it runs, and the importer runs no code. Write the DAG outside functions and loops";
const logicalDateOf =
  "it becomes `logical_date` of the input, or the time of the start in UTC. Airflow 2 takes the start of the interval";

export function importAirflow(text: string): Imported {
  const importer = new AirflowImporter();
  importer.run(readPython(text));
  return importer.finish();
}

class AirflowImporter implements Names {
  readonly #collector = new Collector();
  readonly #constants = new Map<
    string,
    { readonly value: Expression; readonly line: number; isUsed: boolean }
  >();
  readonly #functions = new Map<string, Statement>();
  readonly #usedFunctions = new Set<Statement>();
  readonly #values = new Map<string, Group>();
  readonly #dags = new Map<string, Dag>();
  readonly #calls = new Set<Expression>();
  readonly #listed = new Set<string>();
  readonly #groups: { readonly prefix: string; readonly tasks: Task[] }[] = [];
  #dag: Dag | undefined;

  run(statements: readonly Statement[]): void {
    for (const each of statements) if (each.kind === "def") this.#functions.set(each.names[0] ?? "", each);
    for (const each of statements) this.#statement(each);
    if (this.#dags.size > 0) return;
    const made = statements.find(makesDag);
    if (made !== undefined)
      throw new NotImported(`line ${made.line}: \`${made.text.slice(0, 60)}\`: ${dagIsMade}`);
    throw new NotImported("it has no DAG");
  }

  finish(): Imported {
    for (const dag of this.#dags.values()) this.#write(dag);
    for (const call of this.#calls)
      for (const argument of call.args)
        if (!argument.isRead)
          this.#report(
            argument.line,
            `${excerpt(call.of ?? call)} ${argument.name}`.trim(),
            "it has no counterpart",
          );
    for (const [name, found] of this.#functions)
      if (found.values.length > 0 && !this.#usedFunctions.has(found))
        this.#report(found.line, `def ${name}`, "no call of it is translated");
    for (const [name, { line, isUsed }] of this.#constants)
      if (!isUsed) this.#report(line, name, "no translated task uses it");
    return this.#collector.finish();
  }

  #report(line: number, construct: string, reason: Reason): void {
    this.#collector.report(line, construct, reason);
  }

  #reportOnce(line: number, construct: string, reason: Reason): void {
    if (this.#listed.has(construct)) return;
    this.#listed.add(construct);
    this.#report(line, construct, reason);
  }

  constant(name: string): Expression | undefined {
    const found = this.#constants.get(name);
    if (found !== undefined) found.isUsed = true;
    return found?.value;
  }

  output(expression: Expression): string | undefined {
    if (expression === mappedItem) return "item";
    if (expression.kind === "item" && expression.of !== undefined) {
      const [key] = expression.parts;
      const of = this.output(expression.of);
      return of !== undefined && key?.kind === "text" ? member(of, key.text) : undefined;
    }
    if (expression.kind === "member" && expression.text === "output" && expression.of !== undefined)
      return this.output(expression.of);
    const isTask = expression.kind === "name" || expression.kind === "call";
    const group = isTask ? this.#evaluated(expression) : undefined;
    const [task, more] = group?.tasks ?? [];
    return task === undefined || more !== undefined ? undefined : this.#resultOf(task.id);
  }

  pulled(task: string): string {
    return this.#resultOf(taskId(task));
  }

  #resultOf(id: string): string {
    const { uses, forEach } = this.#dag?.tasks.get(id)?.tree ?? {};
    return resultOf(id, { isCommand: uses === "shell", isMapped: forEach !== undefined });
  }

  dated(construct: string, line: number): void {
    this.#reportOnce(line, construct, logicalDateOf);
  }

  #statement(statement: Statement): void {
    const { kind, line, names, values, body, text } = statement;
    const [value] = values;
    if (kind === "import" || kind === "from")
      this.#reportOnce(line, kind === "from" ? "from" : "import", {
        bookkeeping: "the importer loads no modules",
      });
    else if (kind === "def") this.#function(statement);
    else if (kind === "with" && value !== undefined) this.#with(statement, value);
    else if (kind === "assign" && value !== undefined) this.#assign(names, value, line);
    else if (kind === "expression" && value?.kind === "text")
      this.#report(line, "documentation", { bookkeeping: "it is a text for readers" });
    else if (kind === "expression" && value?.kind === "call" && this.#isDagFunction(value))
      this.#calls.add(value);
    else if (kind === "expression" && value !== undefined && this.#evaluated(value) !== undefined) return;
    else if (kind !== "pass")
      this.#report(line, text, "code that runs when the file is read has no counterpart");
    void body;
  }

  #isDagFunction({ of }: Expression): boolean {
    const found = of?.kind === "name" ? this.#functions.get(of.text) : undefined;
    return found?.values.some(isDagDecorator) === true;
  }

  #function(statement: Statement): void {
    const [name = ""] = statement.names;
    this.#functions.set(name, statement);
    const decorator = statement.values.find(isDagDecorator);
    if (decorator === undefined) {
      const isTask = statement.values.length > 0;
      const reason = makesDag(statement) ? dagIsMade : "its code belongs into a handler";
      if (!isTask) this.#report(statement.line, `def ${name}`, reason);
      return;
    }
    this.#usedFunctions.add(statement);
    const dag = this.#open(
      decorator.kind === "call" ? decorator : { ...decorator, kind: "call", of: decorator },
      name,
    );
    this.#inside(dag, statement.body);
  }

  #with({ names, body, line, text }: Statement, value: Expression): void {
    const called = value.kind === "call" ? excerpt(value.of ?? value) : "";
    const [name = ""] = names;
    if (/(^|\.)DAG$/.test(called)) this.#inside(this.#open(value, name), body);
    else if (/(^|\.)TaskGroup$/.test(called)) {
      this.#calls.add(value);
      const id = value.args.find((each) => each.name === "group_id" || each.name === "");
      const above = this.#groups.at(-1);
      const prefix = `${above === undefined ? "" : `${above.prefix}.`}${id?.value.text ?? name}`;
      const group = { prefix, tasks: [] as Task[] };
      this.#groups.push(group);
      for (const each of body) this.#statement(each);
      this.#groups.pop();
      above?.tasks.push(...group.tasks);
      // A group without translated tasks is listed, and so is each order that names it.
      if (group.tasks.length === 0) return;
      if (id !== undefined) id.isRead = true;
      if (name !== "") this.#values.set(name, { tasks: group.tasks });
    } else if (value.kind === "name" && this.#dags.has(value.text))
      this.#inside(this.#dags.get(value.text) as Dag, body);
    else this.#report(line, text, "code that runs when the file is read has no counterpart");
  }

  #inside(dag: Dag, body: readonly Statement[]): void {
    const before = this.#dag;
    this.#dag = dag;
    for (const each of body) if (each.kind === "def") this.#functions.set(each.names[0] ?? "", each);
    for (const each of body) this.#statement(each);
    this.#dag = before;
  }

  #assign(names: readonly string[], value: Expression, line: number): void {
    const [name = ""] = names;
    if (value.kind === "call" && /(^|\.)DAG$/.test(excerpt(value.of ?? value))) {
      this.#dag = this.#open(value, name);
      return;
    }
    if (value.kind === "call" && this.#isDagFunction(value)) {
      this.#calls.add(value);
      return;
    }
    const group = this.#evaluated(value);
    if (group !== undefined) this.#values.set(name, group);
    // A map may have computed members, such as callbacks: those that a task or DAG uses are refused or listed there.
    else if (/^\w+$/.test(name) && (isLiteral(value) || isMapOfTexts(value)))
      this.#constants.set(name, { value, line, isUsed: false });
    else this.#report(line, name, "a value that is computed has no counterpart");
  }

  #open(call: Expression, variable: string): Dag {
    this.#calls.add(call);
    const id = argumentOf(call, "dag_id") ?? call.args.find((each) => each.name === "");
    if (id !== undefined) id.isRead = true;
    const named = id?.value.kind === "name" ? this.constant(id.value.text) : id?.value;
    if (id !== undefined && named?.kind !== "text")
      this.#report(id.line, `DAG ${id.name}`.trim(), "its id is computed");
    const name = this.#collector.freeName(named?.kind === "text" ? named.text : variable);
    const defaultArguments = argumentOf(call, "default_args");
    let map = defaultArguments?.value;
    if (map?.kind === "name") map = this.constant(map.text);
    const defaults = new Map<string, Expression>();
    if (defaultArguments !== undefined && map?.kind === "map") {
      defaultArguments.isRead = true;
      for (let at = 0; at + 1 < map.parts.length; at += 2) {
        const [key, value] = [map.parts[at], map.parts[at + 1]];
        if (key !== undefined && value !== undefined) defaults.set(key.text, value);
      }
    }
    const dag: Dag = { name, call, defaults, readDefaults: new Set(), tasks: new Map() };
    this.#dags.set(variable || name, dag);
    return dag;
  }

  /**
   * Evaluates an expression to tasks, and creates the tasks that it calls. Undefined for other expressions.
   */
  #evaluated(expression: Expression): Group | undefined {
    const { kind, text, parts } = expression;
    if (kind === "name") return this.#values.get(text);
    if (kind === "list") {
      const all = this.#inOrder(parts);
      return all && { tasks: all.flatMap(({ tasks }) => tasks), isList: true };
    }
    if (kind === "binary" && (text === ">>" || text === "<<")) {
      const [left, right] = this.#inOrder(parts) ?? [];
      if (left === undefined || right === undefined) return undefined;
      if (right.isLabel) return left;
      if (left.isLabel) return right;
      if (text === ">>") link(left, right);
      else link(right, left);
      return right;
    }
    return kind === "call" ? this.#called(expression) : undefined;
  }

  /**
   * Evaluates the parts of an order to tasks. A part that is not translated becomes a task at which the run fails, if
   * another part is translated. Undefined if none is.
   */
  #inOrder(parts: readonly Expression[]): readonly Group[] | undefined {
    const groups = parts.map((each) => this.#evaluated(taskOf(each)));
    if (this.#dag === undefined || groups.every((each) => each === undefined)) return undefined;
    return groups.map((each, index) => each ?? this.#missingTask(taskOf(parts[index] as Expression)));
  }

  #missingTask(expression: Expression): Group {
    const dag = this.#dag as Dag;
    const title = excerpt(expression);
    const id = firstFree(taskId(title), (each) => dag.tasks.has(each));
    const tree = failingWork(id);
    const { line } = expression;
    const task = { id, line, title, tree, before: new Set<Task>(), rule: "all_success", isMissing: true };
    dag.tasks.set(id, task);
    this.#report(line, title, "it is no task that is translated. The run fails here");
    const group = { tasks: [task] };
    if (expression.kind === "name") this.#values.set(expression.text, group);
    else this.#evaluatedCalls.set(expression, group);
    return group;
  }

  readonly #evaluatedCalls = new Map<Expression, Group>();

  #called(call: Expression): Group | undefined {
    const known = this.#evaluatedCalls.get(call);
    if (known !== undefined) return known;
    const group = this.#evaluateCall(call);
    if (group !== undefined) this.#evaluatedCalls.set(call, group);
    return group;
  }

  #evaluateCall(call: Expression): Group | undefined {
    const { of, args } = call;
    const name = excerpt(of ?? call);
    const last = name.split(".").at(-1) ?? "";
    if (of?.kind === "member" && /^set_(down|up)stream$/.test(of.text) && of.of !== undefined) {
      const [one, other] = (args[0] && this.#inOrder([of.of, args[0].value])) ?? [];
      if (one === undefined || other === undefined) return undefined;
      if (of.text === "set_downstream") link(one, other);
      else link(other, one);
      return other;
    }
    if (last === "chain" || last === "cross_downstream") {
      const all = this.#inOrder(args.map(({ value }) => value)) ?? [];
      const groups = all.filter(({ isLabel }) => isLabel !== true);
      for (const [index, each] of groups.slice(1).entries())
        link(groups[index] as Group, each, last === "chain");
      return groups.at(-1);
    }
    if (last === "Label") {
      this.#report(call.line, `Label ${args[0]?.value.text ?? ""}`, "an edge has no label");
      for (const each of args) each.isRead = true;
      return { tasks: [], isLabel: true };
    }
    const parts = taskCallOf(call);
    if (parts === undefined) return undefined;
    const type = excerpt(parts.called).split(".").at(-1) ?? "";
    return /(Operator|Sensor|SensorAsync)$/.test(type) && parts.override === undefined
      ? this.#operator(operatorCall(call, parts), type, parts)
      : this.#taskFunction(call, parts);
  }

  #operator(call: Expression, type: string, { expand }: TaskCall): Group {
    this.#calls.add(call);
    const id = argumentOf(call, "task_id");
    const title = id?.value.kind === "text" ? id.value.text : type;
    const kind = /^(BranchPythonOperator|BranchPythonVirtualenvOperator)$/.test(type)
      ? "ids"
      : type === "ShortCircuitOperator"
        ? "all"
        : undefined;
    return this.#task(call, title, kind, () => {
      const mapped = expand && mappedOver(expand, this);
      return { ...this.#work(call, type), ...(mapped && { forEach: mapped.forEach }) };
    });
  }

  #work(call: Expression, type: string): Record<string, Json> {
    if (/^(Empty|Dummy)Operator$/.test(type)) return { set: null };
    if (type === "BashOperator") {
      const command = this.#value(call, "bash_command");
      if (typeof command !== "string") throw new UnsupportedConstruct("it has no `bash_command`");
      const env = this.#value(call, "env");
      return { uses: "shell", with: { command: ["bash", "-c", command], ...(env !== undefined && { env }) } };
    }
    const callable = argumentOf(call, "python_callable");
    if (callable !== undefined) {
      callable.isRead = true;
      const name = excerpt(callable.value);
      return { uses: this.#capability(call.line, name), with: this.#argumentsFor(call) };
    }
    const rest = call.args.filter(({ name }) => name !== "" && !isBaseArgument(name));
    const fields = Object.fromEntries(rest.map((each) => [each.name, this.#value(call, each.name) ?? null]));
    if (type === "TriggerDagRunOperator" && typeof fields["trigger_dag_id"] === "string") {
      const workflow = nameFrom(fields["trigger_dag_id"]);
      const { trigger_dag_id: _id, conf = {}, ...others } = fields;
      for (const name of Object.keys(others))
        this.#report(
          argumentOf(call, name)?.line ?? call.line,
          `${type} ${name}`,
          "the run is awaited, and has its own id",
        );
      this.#reportOnce(call.line, workflow, `the workflow \`${workflow}\` has to be registered`);
      return { workflow, with: conf };
    }
    return { uses: this.#capability(call.line, type.replace(/Operator$/, "")), with: fields };
  }

  /** Returns the input of the capability of a `python_callable`. */
  #argumentsFor(call: Expression): Json {
    const [values = {}, list] = [this.#value(call, "op_kwargs"), this.#value(call, "op_args")];
    if (list === undefined) return values;
    if (typeof values === "object" && values !== null && !Array.isArray(values))
      return { ...values, arguments: list };
    return { keywords: values, arguments: list };
  }

  #capability(line: number, name: string): string {
    const uses = nameFromCamelCase(name.replace(/_/g, "-"));
    this.#reportOnce(line, name, `a worker has to offer the capability \`${uses}\``);
    return uses;
  }

  #value(call: Expression, name: string): Json | undefined {
    const argument = argumentOf(call, name);
    if (argument === undefined) return undefined;
    argument.isRead = true;
    return jsonOf(argument.value, this);
  }

  /** The call of a function with `@task`. */
  #taskFunction(call: Expression, parts: TaskCall): Group | undefined {
    const { called, override, partial } = parts;
    const name = called.kind === "name" ? called.text : "";
    const found = this.#functions.get(name);
    const decorator = found?.values.find((each) => /^(\w+\.)?task(\.\w+)?(\(|$)/.test(excerpt(each)));
    if (found === undefined || decorator === undefined || this.#dag === undefined) return undefined;
    this.#usedFunctions.add(found);
    const kind = excerpt(decorator)
      .replace(/\(.*$/, "")
      .replace(/^.*?task\.?/, "");
    for (const each of [call, decorator, partial, override]) if (each?.kind === "call") this.#calls.add(each);
    const settings = [override, decorator].filter((each): each is Expression => each?.kind === "call");
    const title =
      settings.map((each) => argumentOf(each, "task_id")).find((each) => each?.value.kind === "text")?.value
        .text ?? name;
    const chooses = kind === "branch" ? "ids" : kind === "short_circuit" ? "all" : undefined;
    return this.#task({ ...call, args: settings.flatMap(({ args }) => args) }, title, chooses, () =>
      this.#functionWork({ call, name, kind, found, parts }),
    );
  }

  #functionWork(of: {
    readonly call: Expression;
    readonly name: string;
    readonly kind: string;
    readonly found: Statement;
    readonly parts: TaskCall;
  }): Record<string, Json> {
    const { call, name, kind, found } = of;
    const { partial, expand } = of.parts;
    if (/^(bash|sensor)$/.test(kind)) {
      this.#report(found.line, `def ${name}`, "its code belongs into a handler");
      throw new UnsupportedConstruct(`\`@task.${kind}\` has no counterpart`);
    }
    if (kind !== "" && kind !== "branch" && kind !== "short_circuit")
      this.#report(found.line, `@task.${kind}`, "choose the worker by its pool");
    const uses = this.#capability(found.line, name);
    const [, ...parameters] = found.names;
    const inputs: Record<string, Json> = {};
    const assign = (each: Argument, index: number, value: Json) => {
      each.isRead = true;
      inputs[each.name || (parameters[index] ?? `argument${index}`)] = value;
    };
    for (const [index, each] of (partial?.args ?? (expand === undefined ? call.args : [])).entries())
      assign(each, index, jsonOf(each.value, this));
    if (expand === undefined) return { uses, with: inputs };
    const { argument, forEach } = mappedOver(expand, this);
    assign(argument, 0, template("item"));
    return { uses, with: inputs, forEach };
  }

  #task(
    call: Expression,
    title: string,
    chooses: "ids" | "all" | undefined,
    work: () => Record<string, Json>,
  ): Group {
    const dag = this.#dagOf(call);
    for (const name of ["task_id", "dag", "doc_md"]) {
      const found = argumentOf(call, name);
      if (found !== undefined && name !== "doc_md") found.isRead = true;
    }
    const prefix = this.#groups.at(-1)?.prefix;
    const full = prefix === undefined ? title : `${prefix}.${title}`;
    const id = firstFree(taskId(full), (each) => dag.tasks.has(each));
    const task: Task = {
      id,
      line: call.line,
      title: full,
      tree: {},
      before: new Set(),
      rule: "all_success",
      ...(chooses && { chooses }),
    };
    dag.tasks.set(id, task);
    for (const group of this.#groups.slice(-1)) group.tasks.push(task);
    try {
      task.rule = this.#rule(call, dag);
      if (argumentOf(call, "params") !== undefined)
        throw new UnsupportedConstruct("`params` of a task have no counterpart");
      const tree = work();
      if (chooses !== undefined && tree["forEach"] !== undefined)
        throw new UnsupportedConstruct("a branch over a list has no counterpart");
      const extra = this.#limits(call, dag, tree["set"] === undefined);
      task.tree = { ...tree, ...extra };
      // Outputs in its arguments belong to preceding tasks.
      for (const [, other = ""] of JSON.stringify(tree).matchAll(/tasks\[\\"([^"\\]+)\\"\]/g)) {
        if (other === dateTask) continue;
        const found = dag.tasks.get(other);
        if (found === undefined) throw new UnsupportedConstruct(`there is no task \`${other}\` before it`);
        task.before.add(found);
      }
    } catch (error) {
      if (!(error instanceof UnsupportedConstruct)) throw error;
      this.#report(task.line, `task ${full}`, `${error.message}. The run fails here`);
      for (const each of call.args) each.isRead = true;
      task.tree = failingWork(id);
    }
    return { tasks: [task] };
  }

  #dagOf(call: Expression): Dag {
    const named = argumentOf(call, "dag")?.value.text ?? "";
    const dag = this.#dags.get(named) ?? this.#dag;
    if (dag === undefined) throw new NotImported(`line ${call.line}: a task of no DAG`);
    return dag;
  }

  /** Returns an argument of all operators, or its default. */
  #base(call: Expression, dag: Dag, name: string): Expression | undefined {
    const own = argumentOf(call, name);
    if (own !== undefined) {
      own.isRead = true;
      return own.value;
    }
    const found = dag.defaults.get(name);
    if (found !== undefined) dag.readDefaults.add(name);
    return found;
  }

  #rule(call: Expression, dag: Dag): string {
    const value = this.#base(call, dag, "trigger_rule");
    if (value === undefined) return "all_success";
    const rule = value.text.toLowerCase();
    if (entryOf(rules, rule) === undefined)
      throw new UnsupportedConstruct(`the rule \`${excerpt(value)}\` has no counterpart`);
    return rule;
  }

  #limits(call: Expression, dag: Dag, isWork: boolean): Record<string, Json> {
    if (!isWork) return {};
    const limit = this.#base(call, dag, "execution_timeout");
    const timeout =
      limit !== undefined && limit.text !== "None"
        ? { timeout: { run: seconds(secondsOf(limit, this)) } }
        : {};
    const retries = this.#base(call, dag, "retries");
    const count = retries === undefined ? 0 : jsonOf(retries, this);
    if (typeof count !== "number") throw new UnsupportedConstruct("the number of retries is computed");
    if (count === 0) return { retry: 1, ...timeout };
    const [delay, growing, longest] = ["retry_delay", "retry_exponential_backoff", "max_retry_delay"].map(
      (name) => this.#base(call, dag, name),
    );
    const pause = delay === undefined ? 300 : secondsOf(delay, this);
    const most =
      longest === undefined ? (growing?.text === "True" ? 86_400 : pause) : secondsOf(longest, this);
    const backoff = `${seconds(pause)}..${seconds(Math.max(pause, most))}`;
    return {
      retry: { attempts: count + 1, backoff, factor: growing?.text === "True" ? 2 : 1, jitter: 0 },
      ...timeout,
    };
  }

  #description({ value, line }: Argument): string {
    return this.#collector.truncate(value.text, 4_000, line, "DAG description");
  }

  #write(dag: Dag): void {
    const { call, name, tasks } = dag;
    const description = argumentOf(call, "description");
    if (description?.value.kind === "text") description.isRead = true;
    const limit = argumentOf(call, "dagrun_timeout");
    const workflow: Record<string, Json> = { workflow: name };
    if (description?.isRead === true) workflow["description"] = plain(this.#description(description)) || name;
    if (limit !== undefined)
      this.#tryTranslate(limit, name, () => {
        workflow["timeout"] = seconds(secondsOf(limit.value, this));
      });
    const input = this.#input(dag);
    const canSkip = [...tasks.values()].some(({ chooses }) => chooses !== undefined);
    const isDated = [...tasks.values()].some(({ tree }) =>
      JSON.stringify(tree).includes(`\\"${dateTask}\\"`),
    );
    const written: Record<string, Json> = isDated ? { [dateTask]: dateWork } : {};
    for (const task of tasksInOrder(tasks.values())) written[task.id] = writtenTask(task, canSkip);
    for (const [key, value] of dag.defaults)
      if (!dag.readDefaults.has(key))
        this.#report(value.line, `default_args ${key}`, "it has no counterpart");
    if (Object.keys(written).length === 0) {
      this.#report(call.line, name, "it has no task that is translated");
      return;
    }
    this.#collector.add({ ...workflow, ...input, tasks: written }, call.line);
    this.#schedule(dag, input === undefined ? {} : { input: {} });
  }

  /** Returns the `params` as defaults of the input. */
  #input({ call, name }: Dag): { readonly input: Json } | undefined {
    const argument = argumentOf(call, "params");
    let properties: Record<string, Json> | undefined;
    if (argument !== undefined)
      this.#tryTranslate(argument, name, () => {
        const defaults = jsonOf(argument.value, this);
        if (typeof defaults !== "object" || defaults === null || Array.isArray(defaults))
          throw new UnsupportedConstruct(`\`${excerpt(argument.value)}\` has no counterpart`);
        properties = Object.fromEntries(
          Object.entries(defaults).map(([key, value]): [string, Json] => [key, { default: value }]),
        );
      });
    return properties && { input: { schema: { type: "object", properties } } };
  }

  #tryTranslate(argument: Argument, construct: string, work: () => void): void {
    argument.isRead = true;
    try {
      work();
    } catch (error) {
      if (!(error instanceof UnsupportedConstruct)) throw error;
      this.#report(argument.line, `${construct} ${argument.name}`, error.message);
    }
  }

  #schedule({ call, name }: Dag, input: { readonly input?: Json }): void {
    const argument = argumentOf(call, "schedule") ?? argumentOf(call, "schedule_interval");
    if (argument === undefined) return;
    const most = argumentOf(call, "max_active_runs");
    const isSingle = most?.value.text === "1";
    if (most !== undefined && isSingle) most.isRead = true;
    const overlap = isSingle ? "queueAll" : "allow";
    const zone = timeZoneOf(call);
    this.#tryTranslate(argument, name, () => {
      const value =
        argument.value.kind === "name"
          ? (this.constant(argument.value.text) ?? argument.value)
          : argument.value;
      if (value.kind === "constant" && value.text === "None") return;
      if (value.kind === "call") {
        const every = seconds(secondsOf(value, this));
        this.#collector.add({ schedule: name, workflow: name, ...input, every, overlap }, argument.line);
        return;
      }
      const cron = value.kind === "text" ? (entryOf(presets, value.text) ?? value.text) : "";
      if (!/^\S+( \S+){4}$/.test(cron))
        throw new UnsupportedConstruct(`the schedule \`${excerpt(value)}\` has no counterpart`);
      this.#collector.add(
        { schedule: name, workflow: name, ...input, cron, ...zone, overlap },
        argument.line,
      );
    });
  }
}

/** Cron expressions of a DAG are in the time zone of its start. */
function timeZoneOf(call: Expression): { readonly timeZone?: string } {
  const start = argumentOf(call, "start_date")?.value;
  const zone = start?.args.find(({ name }) => name === "tz" || name === "tzinfo")?.value;
  const text = zone?.kind === "call" ? zone.args[0]?.value : zone;
  return text?.kind === "text" ? { timeZone: text.text } : {};
}

/** Returns whether code makes a DAG when it runs. */
function makesDag({ text, values, body }: Statement): boolean {
  return /\bDAG \(/.test(text) || values.some(isDagDecorator) || body.some(makesDag);
}

function isDagDecorator(expression: Expression): boolean {
  return /^(\w+\.)?dag(\(|$)/.test(excerpt(expression));
}

function argumentOf({ args }: Expression, name: string): Argument | undefined {
  return args.find((each) => each.name === name);
}
