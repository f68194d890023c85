/**
 * Imports a state machine of AWS Step Functions (Amazon States Language). Each state becomes a state of a workflow. The
 * variable `data` is the data that passes from state to state. Branches of `Parallel` and the processor of `Map` become
 * a workflow of their own, which the state runs once for each branch or item.
 *
 * A state with a construct that would change its behavior is not translated: the run fails there.
 */
import type { Json } from "@tutti/expressions";
import { condition, expressionOf, plain, record, seconds, template, UnsupportedConstruct } from "../cel.ts";
import {
  ForeignDocument,
  isMembers,
  listIn,
  type Members,
  membersIn,
  type Path,
  textIn,
} from "../foreign-document.ts";
import {
  firstFree,
  type Imported,
  NotImported,
  nameFrom,
  nameFromCamelCase,
  type Tree,
} from "../imported.ts";
import { conditionOf } from "./choices.ts";
import { type Place, StateData } from "./data.ts";

/** @param file file name, which becomes the name of the workflow */
export function importStepFunctions(text: string, file = "state-machine"): Imported {
  const source = new ForeignDocument(text);
  const { root, collector } = source;
  if (typeof root["StartAt"] !== "string" || !isMembers(root["States"]))
    throw new NotImported("it has no `StartAt` and `States`");
  const [base = ""] = (file.split("/").at(-1) ?? "").split(".");
  new Machine({
    source,
    name: collector.freeName(base),
    parts: [{ machine: root, path: [] }],
    isJsonata: false,
    capabilities: new Set(),
    context: {
      "Execution.Input": "input",
      "Execution.Id": "run.id",
      "Execution.Name": "run.id",
      "Execution.StartTime": "run.startTime",
      "StateMachine.Name": "run.definition",
    },
  }).add();
  return source.finish();
}

interface Part {
  readonly machine: Members;
  readonly path: Path;
}

interface MachineOptions {
  readonly source: ForeignDocument;
  readonly name: string;
  /** One machine, or the branches of `Parallel`. */
  readonly parts: readonly Part[];
  readonly isJsonata: boolean;
  /** Capabilities that are listed already. */
  readonly capabilities: Set<string>;
  readonly context: Readonly<Record<string, string>>;
}

/** Fields of `Map` that change its items or their results. */
const blockers = ["ItemReader", "ItemBatcher", "ResultWriter"];

class Machine {
  readonly options: MachineOptions;
  readonly #ids = new Map<string, string>();
  readonly #states: Record<string, Tree> = {};
  readonly #variables: Readonly<Record<string, string>>;
  /** Variable that passes from state to state. */
  readonly data: string;
  readonly #start: string;
  readonly end: string;

  constructor(options: MachineOptions) {
    this.options = options;
    for (const [part, { machine }] of options.parts.entries())
      for (const state of Object.keys(membersIn(machine, "States")))
        this.#ids.set(`${part}\n${state}`, this.#freeId(state));
    this.#start = this.#reserve("begin");
    this.end = this.#reserve("end");
    const names = options.parts.flatMap(({ machine }) => variablesIn(machine));
    this.#variables = Object.fromEntries(names.map((name) => [name, `vars.${name}`]));
    this.data = names.includes("data") ? "passedOn" : "data";
  }

  #freeId(proposed: string): string {
    const usedIds = new Set(this.#ids.values());
    return firstFree(nameFrom(proposed), (id) => usedIds.has(id));
  }

  #reserve(proposed: string): string {
    const id = this.#freeId(proposed);
    this.#ids.set(proposed, id);
    return id;
  }

  add(): void {
    const { source, parts, name } = this.options;
    const [{ machine, path } = { machine: {}, path: [] }] = parts;
    const isBranched = parts.length > 1;
    this.#states[this.#start] = {
      always: parts.map((part, index) => ({
        ...(isBranched && { when: `input.branch == ${index}` }),
        to: this.to(textIn(part.machine, "StartAt"), index, [...part.path, "StartAt"]),
        set: { [this.data]: template(isBranched ? "input.input" : "input") },
      })),
    };
    for (const [index, part] of parts.entries()) this.#addStates(part, index);
    if (JSON.stringify(this.#states).includes(`"to":"${this.end}"`))
      this.#states[this.end] = { final: true, output: template(`vars.${this.data}`) };
    // Branches have no workflow of their own, so their comment and timeout are listed.
    const [comment, limit] = isBranched
      ? ["", undefined]
      : [textIn(machine, "Comment"), machine["TimeoutSeconds"]];
    source.collector.add(
      {
        workflow: name,
        ...(comment !== "" && { description: this.#comment(comment, 4000, path) }),
        ...(typeof limit === "number" && { timeout: seconds(limit) }),
        vars: Object.fromEntries([this.data, ...Object.keys(this.#variables)].map((each) => [each, null])),
        initial: this.#start,
        states: this.#states,
      },
      source.lineOf(path),
    );
  }

  #addStates({ machine, path }: Part, part: number): void {
    const { source } = this.options;
    if (textIn(machine, "Version") !== "1.0" && machine["Version"] !== undefined)
      source.report([...path, "Version"], `Version: ${textIn(machine, "Version")}`, "1.0 is known");
    const mode = textIn(membersIn(machine, "ProcessorConfig"), "Mode");
    if (mode !== "" && mode !== "INLINE")
      source.report([...path, "ProcessorConfig"], `Mode: ${mode}`, "each item is a child run in any case");
    const isJsonata = isJsonataIn(machine, this.options.isJsonata);
    for (const [name, value] of Object.entries(membersIn(machine, "States"))) {
      const at = [...path, "States", name];
      const id = this.#ids.get(`${part}\n${name}`) ?? name;
      const data = (state: Members) =>
        new StateData({
          state,
          path: at,
          isJsonata: isJsonataIn(state, isJsonata),
          variables: this.#variables,
          data: `vars.${this.data}`,
          context: { ...this.options.context, "State.Name": JSON.stringify(name) },
        });
      try {
        if (!isMembers(value)) throw new UnsupportedConstruct("it is no state");
        const comment = textIn(value, "Comment");
        const title = plain(this.#comment(comment === "" ? name : `${name}: ${comment}`, 200, at));
        const build = () => new State(this, value, name, at, part, data(value)).build();
        this.#states[id] = { title, ...build() };
      } catch (error) {
        if (!(error instanceof UnsupportedConstruct)) throw error;
        source.report(error.path ?? at, `state ${name}`, `${error.message}. The run fails here`, at);
        this.#states[id] = { final: true, fail: plain(`The state ${name} is not translated.`) };
      }
    }
  }

  #comment(text: string, most: number, path: Path): string {
    const { source } = this.options;
    return source.collector.truncate(text, most, source.lineOf([...path, "Comment"]), "Comment");
  }

  to(state: string, part: number, path: Path): string {
    const id = this.#ids.get(`${part}\n${state}`);
    if (id === undefined)
      throw new NotImported(`line ${this.options.source.lineOf(path)}: no state \`${state}\``);
    return id;
  }

  /** Returns the state of a run that no rule of a choice matches. */
  noChoice(): string {
    const id = this.#ids.get("no-choice") ?? this.#reserve("no-choice");
    this.#states[id] = { final: true, fail: "States.NoChoiceMatched" };
    return id;
  }
}

/** Translates one state. */
class State {
  readonly #machine: Machine;
  readonly #state: Members;
  readonly #name: string;
  readonly #path: Path;
  readonly #part: number;
  readonly #data: StateData;

  constructor(machine: Machine, state: Members, name: string, path: Path, part: number, data: StateData) {
    this.#machine = machine;
    this.#state = state;
    this.#name = name;
    this.#path = path;
    this.#part = part;
    this.#data = data;
  }

  build(): Tree {
    const [state, data] = [this.#state, this.#data];
    const type = textIn(state, "Type");
    switch (type) {
      case "Task":
        return this.#task();
      case "Parallel":
        return this.#parallel();
      case "Map":
        return this.#map();
      case "Choice":
        return this.#choice();
      case "Pass":
        return { always: this.#onwards(this.#result(), {}) };
      case "Wait":
        return { run: { wait: this.#wait() }, onDone: this.#onwards(undefined, {}) };
      case "Succeed":
        return { final: true, output: data.outputOf(undefined, state, this.#path, {}) };
      case "Fail":
        return { final: true, fail: this.#fail() };
      default:
        throw new UnsupportedConstruct(`the type \`${type}\` is unknown`, [...this.#path, "Type"]);
    }
  }

  #at(...keys: readonly (string | number)[]): Path {
    return [...this.#path, ...keys];
  }

  /** Returns the transition to the next state. */
  #onwards(result: Json | undefined, place: Place, next = this.#state, path = this.#path): Tree {
    const to =
      next["End"] === true
        ? this.#machine.end
        : this.#machine.to(textIn(next, "Next"), this.#part, [...path, "Next"]);
    return { to, ...this.#set(result, place, this.#state, this.#path) };
  }

  #set(result: Json | undefined, place: Place, holder: Members, path: Path): Tree {
    const [name, output] = [this.#machine.data, this.#data.outputOf(result, holder, path, place)];
    const isSame = output === template(`vars.${name}`);
    const set = { ...(!isSame && { [name]: output }), ...this.#data.assigned(holder, path, place) };
    return Object.keys(set).length === 0 ? {} : { set };
  }

  #result(): Json | undefined {
    const state = this.#state;
    if (this.#data.isJsonata) return undefined;
    if ("Result" in state) return this.#literal(state["Result"], this.#at("Result"));
    return this.#filled("Parameters") ?? template(this.#data.input);
  }

  /** Translates `Result`, which has no paths. */
  #literal(value: unknown, path: Path): Json {
    if (typeof value === "string") return plain(value);
    if (Array.isArray(value)) return value.map((each, index) => this.#literal(each, [...path, index]));
    if (!isMembers(value)) return value as Json;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, this.#literal(each, [...path, key])]),
    );
  }

  #filled(key: string, place: Place = {}): Json | undefined {
    const value = this.#state[key];
    return value === undefined ? undefined : this.#data.fill(value, this.#at(key), place);
  }

  /** Returns the input of a task or a child. */
  #payload(): Json {
    return this.#filled(this.#data.isJsonata ? "Arguments" : "Parameters") ?? template(this.#data.input);
  }

  /** Returns a state with work, and its transitions. */
  #work(run: Tree, output = "output"): Tree {
    const place: Place = { dollar: output, roots: { "$states.result": output } };
    const selected = this.#data.isJsonata ? undefined : this.#filled("ResultSelector", place);
    const failed = listIn(this.#state, "Catch").flatMap((each, index) =>
      isMembers(each) ? this.#caught(each, this.#at("Catch", index), run["uses"] === undefined) : [],
    );
    const shorter = (tree: Tree) =>
      JSON.parse(JSON.stringify(tree).replaceAll(JSON.stringify(`${output}.Payload`).slice(1, -1), "output"));
    return {
      run: { ...run, retry: this.#retry(run["uses"] === undefined) },
      onDone: shorter(this.#onwards(selected ?? template(output), place)),
      ...(failed.length > 0 && { onFailed: failed }),
    };
  }

  #task(): Tree {
    const [state, { source, capabilities }] = [this.#state, this.#machine.options];
    const resource = textIn(state, "Resource");
    if (resource.endsWith(".waitForTaskToken"))
      throw new UnsupportedConstruct("a task token is a signal in Tutti", this.#at("Resource"));
    const payload = this.#payload();
    const isInvoke = /:states:[^:]*:[^:]*:lambda:invoke$/.test(resource) && isTree(payload);
    const called = isInvoke ? textIn(payload, "FunctionName") : "";
    const isFunction = called !== "" && !called.startsWith("${{");
    const uses = capabilityOf(isFunction ? called : resource);
    if (uses === "") throw new UnsupportedConstruct("it has no `Resource`");
    if (!capabilities.has(uses)) {
      capabilities.add(uses);
      const path = isFunction ? this.#parametersPath("FunctionName") : this.#at("Resource");
      source.collector.report(
        source.lineOf(path),
        isFunction ? called : resource,
        `a worker has to offer the capability \`${uses}\``,
      );
    }
    const timeout = this.#limits();
    if (!isFunction || !isTree(payload)) return this.#work({ uses, with: payload, ...timeout });
    for (const key of Object.keys(payload))
      if (key !== "FunctionName" && key !== "Payload")
        source.report(this.#parametersPath(key), `${this.#name}: ${key}`, "it is a parameter of AWS Lambda");
    // Its output has the form of a response of AWS Lambda.
    const answer = record([
      ["Payload", "output"],
      ["StatusCode", "200"],
    ]);
    return this.#work({ uses, with: payload["Payload"] ?? {}, ...timeout }, answer);
  }

  #parametersPath(key: string): Path {
    const all = this.#data.isJsonata ? "Arguments" : "Parameters";
    return this.#at(all, key in membersIn(this.#state, all) ? key : `${key}.$`);
  }

  #limits(): Tree {
    const [run, heartbeat] = [this.#state["TimeoutSeconds"], this.#state["HeartbeatSeconds"]];
    const limits: Record<string, Json> = {};
    for (const [key, name, value] of [
      ["run", "TimeoutSeconds", run],
      ["heartbeat", "HeartbeatSeconds", heartbeat],
    ] as const)
      if (typeof value === "number") limits[key] = seconds(value);
      else if (value !== undefined)
        this.#report(this.#at(name), `${name}: ${String(value)}`, "a computed limit has no counterpart");
    return Object.keys(limits).length === 0 ? {} : { timeout: limits };
  }

  #report(path: Path, construct: string, reason: string): void {
    this.#machine.options.source.report(path, `${this.#name}: ${construct}`, reason);
  }

  #child(parts: readonly Part[]): string {
    const { source, name, capabilities } = this.#machine.options;
    for (const { machine, path } of parts)
      if (!isMembers(machine["States"])) throw new UnsupportedConstruct("it has no states inside", path);
    const child = source.collector.freeName(`${name}-${this.#name}`);
    const isJsonata = this.#data.isJsonata;
    new Machine({ source, name: child, parts, isJsonata, capabilities, context: {} }).add();
    return child;
  }

  #parallel(): Tree {
    const parts = listIn(this.#state, "Branches").map((machine, index) => ({
      machine: isMembers(machine) ? machine : {},
      path: this.#at("Branches", index),
    }));
    if (parts.length === 0) throw new UnsupportedConstruct("it has no branches");
    const input = this.#payload();
    return this.#work({
      forEach: `[${parts.map((_, index) => index).join(", ")}]`,
      workflow: this.#child(parts),
      with: parts.length === 1 ? input : { branch: template("index"), input },
    });
  }

  #map(): Tree {
    const [state, data] = [this.#state, this.#data];
    for (const key of blockers)
      if (state[key] !== undefined)
        throw new UnsupportedConstruct(`\`${key}\` has no counterpart`, this.#at(key));
    const key = state["ItemProcessor"] === undefined ? "Iterator" : "ItemProcessor";
    const itemsKey = data.isJsonata ? "Items" : "ItemsPath";
    const items = state[itemsKey];
    const context = { "Map.Item.Value": "item", "Map.Item.Index": "index" };
    const most = state["MaxConcurrency"];
    const entry =
      this.#filled("ItemSelector", { context }) ??
      (data.isJsonata ? undefined : this.#filled("Parameters", { context }));
    return this.#work({
      forEach: condition(items === undefined ? data.input : data.expression(items, this.#at(itemsKey))),
      ...(typeof most === "number" && most > 0 && { maxParallel: most }),
      workflow: this.#child([{ machine: membersIn(state, key), path: this.#at(key) }]),
      with: entry ?? template("item"),
    });
  }

  #choice(): Tree {
    const [state, data] = [this.#state, this.#data];
    const always: Json[] = listIn(state, "Choices").map((rule, index) => {
      const path = this.#at("Choices", index);
      if (!isMembers(rule)) throw new UnsupportedConstruct("a rule is no mapping", path);
      const when = data.isJsonata
        ? data.expression(rule["Condition"], [...path, "Condition"])
        : conditionOf(rule, path, data);
      const to = this.#machine.to(textIn(rule, "Next"), this.#part, [...path, "Next"]);
      return { when: condition(when), to, ...this.#set(undefined, {}, rule, path) };
    });
    if (state["Default"] === undefined) always.push({ to: this.#machine.noChoice() });
    else {
      const to = this.#machine.to(textIn(state, "Default"), this.#part, this.#at("Default"));
      always.push({ to, ...this.#set(undefined, {}, state, this.#path) });
    }
    return { always };
  }

  #wait(): Tree {
    const [state, data] = [this.#state, this.#data];
    for (const key of ["Seconds", "SecondsPath"]) {
      const value = state[key];
      if (typeof value === "number") return { for: seconds(value) };
      if (typeof value === "string")
        return { for: template(`string(int(${data.expression(value, this.#at(key))})) + "s"`) };
    }
    const { Timestamp: moment, TimestampPath: timestampPath } = state;
    if (typeof timestampPath === "string")
      return { until: template(data.expression(timestampPath, this.#at("TimestampPath"))) };
    if (typeof moment === "string") return { until: data.fill(moment, this.#at("Timestamp")) };
    throw new UnsupportedConstruct("it has no time");
  }

  /** Returns the error text of the run. */
  #fail(): string {
    const [state, data] = [this.#state, this.#data];
    const texts = ["Error", "Cause"].flatMap((key): string[] => {
      const path = state[`${key}Path`];
      if (typeof path === "string") return [template(data.expression(path, this.#at(`${key}Path`)))];
      return typeof state[key] === "string" ? [String(data.fill(state[key], this.#at(key)))] : [];
    });
    return texts.length === 0 ? "failed" : texts.join(": ");
  }

  /**
   * Returns the retry policy. Tutti has one policy for all errors of a task: that of the first retrier for all
   * errors, or of the first one.
   */
  #retry(isChild: boolean): Json {
    const path = this.#at("Retry");
    const all = listIn(this.#state, "Retry").flatMap((each, index) =>
      isMembers(each)
        ? [{ retrier: each, path: [...path, index], codes: this.#codes(each, [...path, index]) }]
        : [],
    );
    const matching = all.filter(({ codes }) => codes !== undefined && (!isChild || codes.isAny));
    const chosen = matching.find(({ codes }) => codes?.isAny === true) ?? matching[0];
    const notOn = new Set(chosen?.codes?.isAny === true ? chosen.codes.not : []);
    for (const each of all) {
      const { retrier, codes } = each;
      if (each === chosen) break;
      if (codes !== undefined && !isChild && retrier["MaxAttempts"] === 0 && chosen?.codes?.isAny === true)
        for (const code of codes.on) notOn.add(code);
    }
    for (const each of all)
      if (each !== chosen && !(each.codes?.on ?? []).some((code) => notOn.has(code)))
        this.#report(each.path, `Retry ${namesIn(each.retrier)}`, "a task has one policy of retries");
    if (chosen?.codes === undefined) return 1;
    const { retrier, codes } = chosen;
    const most = numberIn(retrier, "MaxAttempts", 3);
    const [first, rate] = [numberIn(retrier, "IntervalSeconds", 1), numberIn(retrier, "BackoffRate", 2)];
    const longest = numberIn(retrier, "MaxDelaySeconds", Math.ceil(first * rate ** Math.max(0, most - 1)));
    const jitter = textIn(retrier, "JitterStrategy") === "FULL" ? 1 : 0;
    if (most === 0) return 1;
    if (isChild)
      this.#machine.options.source.collector.report(
        this.#machine.options.source.lineOf(chosen.path),
        `${this.#name}: Retry`,
        "each branch or item is retried separately, and completed branches and items are kept",
      );
    return {
      attempts: Math.min(most + 1, 1_000_000),
      backoff: `${seconds(first)}..${seconds(Math.min(Math.max(first, longest), 31_536_000))}`,
      factor: Math.min(Math.max(rate, 1), 100),
      jitter,
      ...(codes.isAny ? notOn.size > 0 && { notOn: [...notOn] } : { on: [...codes.on] }),
    };
  }

  #caught(catcher: Members, path: Path, isChild: boolean): Json[] {
    const codes = this.#codes(catcher, path);
    if (codes === undefined || (isChild && !codes.isAny)) {
      this.#report(path, `Catch ${namesIn(catcher)}`, "an error of a child has another code");
      return [];
    }
    const error = { Error: template("error.code"), Cause: template("error.message") };
    const expression = expressionOf(error);
    const place: Place = {
      dollar: expression,
      roots: {
        "$states.errorOutput": expression,
        "$states.errorOutput.Error": "error.code",
        "$states.errorOutput.Cause": "error.message",
      },
    };
    const data = this.#data;
    const output = data.isJsonata
      ? data.outputOf(error, catcher, path, place)
      : data.placed(error, catcher, path);
    const list = (names: readonly string[]) => `error.code in ${JSON.stringify(names)}`;
    const when = codes.isAny ? (codes.not.length > 0 ? `!(${list(codes.not)})` : undefined) : list(codes.on);
    return [
      {
        ...(when !== undefined && { when }),
        to: this.#machine.to(textIn(catcher, "Next"), this.#part, [...path, "Next"]),
        set: { [this.#machine.data]: output, ...data.assigned(catcher, path, place) },
      },
    ];
  }

  /** Returns the codes of errors in Tutti. Undefined if no name has one. */
  #codes(holder: Members, path: Path): Codes | undefined {
    const on: string[] = [];
    let [isAll, isAny] = [false, false];
    for (const [index, name] of listIn(holder, "ErrorEquals").map(String).entries()) {
      if (name === "States.ALL") isAll = true;
      else if (name === "States.TaskFailed") isAny = true;
      else if (name === "States.Timeout") on.push(...timeouts);
      else if (name === "States.HeartbeatTimeout") on.push("matching.heartbeat_missed");
      else if (/^[\w.-]+$/.test(name) && !name.startsWith("States.")) on.push(name);
      else this.#report([...path, "ErrorEquals", index], name, "Tutti has no error for it");
    }
    if (isAll) return { isAny: true, not: [], on };
    if (isAny) return { isAny, not: timeouts.filter((code) => !on.includes(code)), on };
    return on.length === 0 ? undefined : { isAny, not: [], on };
  }
}

interface Codes {
  /** Whether it covers all errors except those in `not`. */
  readonly isAny: boolean;
  readonly not: readonly string[];
  readonly on: readonly string[];
}

const timeouts = [
  "matching.run_timed_out",
  "matching.total_timed_out",
  "matching.heartbeat_missed",
  "workflow.timed_out",
  "workflow.run_timed_out",
];

function namesIn(holder: Members): string {
  return listIn(holder, "ErrorEquals").map(String).join(", ");
}

function numberIn(members: Members, key: string, otherwise: number): number {
  const value = members[key];
  return typeof value === "number" && value >= 0 ? value : otherwise;
}

function isTree(value: Json): value is Tree {
  return isMembers(value);
}

function isJsonataIn(holder: Members, otherwise: boolean): boolean {
  const language = textIn(holder, "QueryLanguage");
  if (!["", "JSONPath", "JSONata"].includes(language))
    throw new NotImported(`the language \`${language}\` is not known`);
  return language === "" ? otherwise : language === "JSONata";
}

/** Returns the variables that states assign. */
function variablesIn(machine: Members): readonly string[] {
  const holders = Object.keys(membersIn(machine, "States")).flatMap((name) => {
    const state = membersIn(membersIn(machine, "States"), name);
    return [state, ...listIn(state, "Choices"), ...listIn(state, "Catch")].filter(isMembers);
  });
  const names = holders.flatMap((holder) => Object.keys(membersIn(holder, "Assign")));
  return [...new Set(names.map((name) => name.replace(/\.\$$/, "")))].filter((name) =>
    /^[A-Za-z_]\w*$/.test(name),
  );
}

/** Returns `process-order` for a function or an activity, `dynamodb.put-item` for a service. */
function capabilityOf(resource: string): string {
  const [, service] = /^arn:[\w-]+:states:[^:]*:[^:]*:(?!activity:)(.+?)(?:\.sync.*)?$/.exec(resource) ?? [];
  if (service !== undefined) return service.split(":").map(nameFromCamelCase).join(".");
  const [, name] =
    /^arn:[\w-]+:(?:lambda|states):[^:]*:[^:]*:(?:function|activity):([^:]+)/.exec(resource) ?? [];
  return resource === "" ? "" : nameFromCamelCase(name ?? resource.split(":").at(-1) ?? "");
}
