/**
 * Imports a workflow of n8n. Each node becomes a task, and the list of its output items is the output of the task. An
 * unknown node becomes a task for each item, with the node's type as capability.
 *
 * A loop over items becomes two tasks: its items, and the items that return to it. The nodes in between get all items
 * together, like all nodes.
 *
 * Nodes without a path from a trigger are left out: n8n never runs them. So are the parts of other nodes, such as the
 * model of an agent, and the nodes after an error output.
 *
 * A node with a construct that would change its behavior is not translated: the run fails there.
 */
import type { Json } from "@tutti/expressions";
import { expressionOf, isThere, merged, plain, record, template, UnsupportedConstruct } from "./cel.ts";
import {
  ForeignDocument,
  isMembers,
  listIn,
  type Members,
  membersIn,
  type Path,
  textIn,
} from "./foreign-document.ts";
import { ExpressionReader } from "./foreign-expression.ts";
import {
  firstFree,
  type Imported,
  inOrder,
  NotImported,
  nameFrom,
  nameFromCamelCase,
  nameLengthMax,
  type Tree,
} from "./imported.ts";
import {
  type OlderNode,
  olderCondition,
  olderFields,
  olderRoutes,
  requireFew,
  typedValue,
} from "./n8n-older.ts";

interface Node {
  readonly members: Members;
  readonly name: string;
  readonly type: string;
  readonly path: Path;
  readonly id: string;
  /** Expressions of lists of items, by the number of the input. */
  readonly inputs: string[][];
  readonly loop?: Loop;
  /** An output without a counterpart that leads to a node. */
  lostOutput?: Path;
}

/** A loop. Items leave it twice: to the nodes that lead back to it, and after they have returned. */
interface Loop {
  readonly id: string;
  /** Numbers of its outputs. */
  readonly outputs: { readonly each: number; readonly done: number };
  /** Names of nodes that its items reach. */
  readonly inside: ReadonlySet<string>;
  /** Nodes that lead back to it, and expressions of their items. */
  readonly backEdges: { readonly node: Node; readonly items: string }[];
}

export function importN8n(text: string, file = "n8n"): Imported {
  const source = new ForeignDocument(text);
  const { root, collector } = source;
  if (!Array.isArray(root["nodes"]) || !isMembers(root["connections"]))
    throw new NotImported("it has no `nodes` and `connections`");
  const [base = ""] = (file.split("/").at(-1) ?? "").split(".");
  const name = collector.truncate(textIn(root, "name"), nameLengthMax, source.lineOf(["name"]), "name");
  const workflow = collector.freeName(name || base);
  const nodes = nodesIn(source);
  const omitted = omitUnreachable(source, nodes);
  const leaves = connect(source, nodes, omitted);
  const tasks: Record<string, Json> = {};
  const capabilities = new Set<string>();
  for (const node of nodesInOrder([...nodes.values()])) {
    const line = source.lineOf([...node.path, "name"]);
    const title = plain(collector.truncate(node.name, 200, line, "name"));
    try {
      for (const [id, task] of Object.entries(new Translator(source, node, workflow, capabilities).tasks()))
        tasks[id] = { title, ...task };
    } catch (error) {
      if (!(error instanceof UnsupportedConstruct)) throw error;
      source.report(
        error.path ?? node.path,
        `node ${node.name}`,
        `${error.message}. The run fails here`,
        node.path,
      );
      // Fails by reading a missing member. The error names the member.
      const message = JSON.stringify(`The node ${node.id} is not translated.`);
      for (const id of [node.id, ...(node.loop === undefined ? [] : [node.loop.id])])
        tasks[id] = { title, set: template(`dyn({})[${message}]`) };
    }
  }
  const ends = leaves.filter((id) => tasks[id] !== undefined);
  const outputs = ends.map((id): [string, string] => [id, `tasks["${id}"].output`]);
  const [only] = outputs;
  const output =
    outputs.length === 1 && only !== undefined
      ? template(only[1])
      : Object.fromEntries(outputs.map(([id, each]) => [id, template(each)]));
  if (Object.keys(tasks).length > 0) collector.add({ workflow, tasks, output }, 1);
  for (const node of nodes.values())
    if (node.type === "scheduleTrigger") addSchedules(source, node, workflow);
  return source.finish();
}

function nodesIn(source: ForeignDocument): Map<string, Node> {
  const nodes = new Map<string, Node>();
  const ids = new Set<string>();
  const idOf = (base: string) => {
    const id = firstFree(nameFromCamelCase(base), (each) => ids.has(each));
    ids.add(id);
    return id;
  };
  for (const [index, members] of listIn(source.root, "nodes").entries()) {
    const path = ["nodes", index];
    const [name, full] = isMembers(members) ? [textIn(members, "name"), textIn(members, "type")] : ["", ""];
    if (!isMembers(members) || name === "" || full === "" || nodes.has(name))
      throw new NotImported(`line ${source.lineOf(path)}: a node has its own \`name\` and a \`type\``);
    // Empty settings need no listing.
    Reflect.get(members, "parameters");
    // Position and version of a node need no listing.
    for (const key of ["id", "position", "typeVersion"]) JSON.stringify(members[key]);
    if (index === 0)
      for (const key of ["id", "position", "typeVersion"])
        if (members[key] !== undefined)
          source.collector.report(source.lineOf([...path, key]), key, {
            bookkeeping: "it is needed only by the editor of n8n",
          });
    const type = full.split(".").at(-1) ?? "";
    if (type === "stickyNote") {
      source.report(path, `node ${name}`, { bookkeeping: "it is a note" });
      continue;
    }
    const node = { members, name, type, path, id: idOf(name), inputs: [] };
    const version = versionOf(members);
    const isLoop = type === "splitInBatches" && members["disabled"] !== true && [2, 3].includes(version);
    const outputs = version === 3 ? { done: 0, each: 1 } : { each: 0, done: 1 };
    const inside = isLoop ? reachableFrom(source, name, outputs.each) : new Set<string>();
    const loop = inside.has(name) && { id: idOf(`${name}-done`), outputs, inside, backEdges: [] };
    nodes.set(name, { ...node, ...(loop && { loop }) });
  }
  return nodes;
}

/** Returns the names of the nodes that items of an output reach. */
function reachableFrom(source: ForeignDocument, name: string, output: number): ReadonlySet<string> {
  const connections = membersIn(source.root, "connections");
  const reachable = new Set<string>();
  const follow = (outputs: readonly unknown[]) => {
    for (const each of outputs.flat()) {
      const to = isMembers(each) ? textIn(each, "node") : "";
      if (to === "" || reachable.has(to)) continue;
      reachable.add(to);
      if (to !== name) follow(listIn(membersIn(connections, to), "main"));
    }
  };
  follow([listIn(membersIn(connections, name), "main")[output] ?? []]);
  return reachable;
}

/**
 * Removes the nodes that n8n does not run, and returns their names. Without a trigger, nodes without an input start.
 */
function omitUnreachable(source: ForeignDocument, nodes: Map<string, Node>): ReadonlySet<string> {
  const connections = membersIn(source.root, "connections");
  const kindsOf = (name: string) => membersIn(connections, name);
  const targetsOf = (node: Node, output: number) =>
    [listIn(kindsOf(node.name), "main")[output] ?? []]
      .flat()
      .map((each) => (isMembers(each) ? textIn(each, "node") : ""));
  const outputsOf = (node: Node) => listIn(kindsOf(node.name), "main").map((_, output) => output);
  const follow = (from: readonly Node[]) => {
    const reachable = new Set(from);
    for (const node of reachable)
      for (const output of outputsOf(node).filter((candidate) => !isForErrors(node, candidate)))
        for (const name of targetsOf(node, output)) {
          const next = nodes.get(name);
          if (next !== undefined) reachable.add(next);
        }
    return reachable;
  };
  const all = [...nodes.values()];
  const triggers = all.filter((node) => isTrigger(node) && node.type !== "errorTrigger");
  const isPart = ({ name }: Node) => Object.keys(kindsOf(name)).some((kind) => kind !== "main");
  const entered = new Set(
    all.flatMap((node) => outputsOf(node).flatMap((output) => targetsOf(node, output))),
  );
  const starts = all.filter(
    (node) => !entered.has(node.name) && !isPart(node) && node.type !== "errorTrigger",
  );
  const reached = follow(triggers.length > 0 ? triggers : starts);
  for (const node of triggers) {
    const own = follow([node]).size - 1;
    if (triggers.some((other) => follow([other]).size - 1 !== own) || reached.size - triggers.length !== own)
      source.collector.report(
        source.lineOf([...node.path, "name"]),
        `branch of ${node.name}`,
        "each run contains the branches of all triggers. If n8n runs only one of them, make each branch a separate workflow",
      );
  }
  const omitted = new Set<string>();
  for (const node of all) {
    if (reached.has(node)) continue;
    const reason = isPart(node)
      ? "it is a part of the node that it leads to. The capability of that node includes it"
      : node.type === "errorTrigger"
        ? "it runs after errors of other workflows. Make its branch a workflow that a trigger with `afterRun` starts"
        : "no trigger leads to it, or only after an error";
    source.report(node.path, `node ${node.name}`, reason);
    nodes.delete(node.name);
    omitted.add(node.name);
  }
  return omitted;
}

/** Returns whether an output has the items for which a node failed. */
function isForErrors({ type, members }: Node, output: number): boolean {
  const isBehindItems = output > 0 && type !== "if" && type !== "switch";
  return isBehindItems && members["onError"] === "continueErrorOutput";
}

/** Sets the inputs of nodes. Returns the tasks whose items lead nowhere. */
function connect(
  source: ForeignDocument,
  nodes: ReadonlyMap<string, Node>,
  omitted: ReadonlySet<string>,
): readonly string[] {
  const leading = new Set<string>();
  for (const [from, kinds] of Object.entries(membersIn(source.root, "connections"))) {
    if (omitted.has(from)) {
      source.report(["connections", from], `connections of ${from}`, "the node is left out");
      continue;
    }
    const node = nodes.get(from);
    for (const [output, all] of (isMembers(kinds) ? listIn(kinds, "main") : []).entries())
      for (const [index, each] of (Array.isArray(all) ? all : []).entries()) {
        const path = ["connections", from, "main", output, index];
        const target = isMembers(each) ? textIn(each, "node") : "";
        const to = nodes.get(target);
        if (omitted.has(target)) {
          source.report(path, `output ${output} of ${from}`, `\`${target}\` is left out`);
          continue;
        }
        if (node === undefined || to === undefined || !isMembers(each))
          throw new NotImported(`line ${source.lineOf(path)}: a connection of no node`);
        if (textIn(each, "type") !== "main")
          source.report(path, `connection of ${from}`, "its type is not `main`");
        const input = typeof each["index"] === "number" ? each["index"] : 0;
        const isDone = node.loop?.outputs.done === output;
        const id = isDone ? (node.loop?.id ?? node.id) : node.id;
        const items = isTrigger(node) ? "[input]" : `tasks["${id}"].output`;
        const most = to.type === "merge" ? (membersIn(to.members, "parameters")["numberInputs"] ?? 2) : 1;
        if (input >= Number(most))
          source.report(
            [...path, "index"],
            `input ${input} of ${to.name}`,
            "its items are added to those before",
          );
        const backEdges = to.loop?.inside.has(from) === true ? to.loop.backEdges : undefined;
        if (backEdges === undefined && to.inputs[input] !== undefined)
          source.report(path, `connection of ${from}`, `\`${to.name}\` gets the items of this input at once`);
        const isChoice = node.type === "if" || node.type === "switch";
        if (output > 0 && !isChoice && node.loop === undefined) {
          source.report(path, `output ${output} of ${from}`, "only `if` and `switch` have several outputs");
          if (!isForErrors(node, output)) node.lostOutput = path;
        } else {
          leading.add(id);
          const all = isChoice && !isDisabled(node) ? `${items}[${output}]` : items;
          // Only one of several triggers has started the run.
          if (all === "[input]" && to.inputs.flat().includes(all)) to.inputs[input] ??= [];
          else if (backEdges === undefined) to.inputs[input] = [...(to.inputs[input] ?? []), all];
          else backEdges.push({ node, items: all });
        }
      }
  }
  return [...nodes.values()]
    .flatMap(({ id, loop }) => (loop === undefined ? [id] : [id, loop.id]))
    .filter((id) => !leading.has(id));
}

const oldTriggers = new Set(["webhook", "cron", "interval", "start"]);

function isTrigger(node: Node): boolean {
  return (node.type.endsWith("Trigger") || oldTriggers.has(node.type)) && !isDisabled(node);
}

/** Version of the parameters of a node. */
function versionOf(members: Members): number {
  return Number(members["typeVersion"] ?? 1);
}

function isDisabled({ members }: Node): boolean {
  return members["disabled"] === true;
}

/** Node types that process all items together. */
const ofAllItems = new Set([
  ...[
    "aggregate",
    "summarize",
    "sort",
    "limit",
    "removeDuplicates",
    "splitOut",
    "itemLists",
    "compareDatasets",
  ],
  ...["code", "function"],
]);

/** Returns nodes after the nodes that they read. */
function nodesInOrder(nodes: readonly Node[]): readonly Node[] {
  return inOrder(
    nodes,
    (node) => nodesBefore(node, nodes),
    ({ name }) => new NotImported(`node \`${name}\` leads to itself`),
  );
}

function* nodesBefore({ inputs }: Node, nodes: readonly Node[]): Iterable<Node> {
  const read = inputs.flat().join(" ");
  const reads = (id: string | undefined) => id !== undefined && read.includes(`tasks["${id}"]`);
  for (const other of nodes) {
    if (reads(other.id) || reads(other.loop?.id)) yield other;
    if (!reads(other.loop?.id)) continue;
    for (const { node: last } of other.loop?.backEdges ?? []) yield last;
  }
}

class Translator {
  readonly #source: ForeignDocument;
  readonly #node: Node;
  readonly #workflow: string;
  readonly #capabilities: Set<string>;
  readonly #items: string;

  constructor(source: ForeignDocument, node: Node, workflow: string, capabilities: Set<string>) {
    this.#source = source;
    this.#node = node;
    this.#workflow = workflow;
    this.#capabilities = capabilities;
    const all = node.inputs.flat();
    const items = all.length === 0 ? "[input]" : all.join(" + ");
    this.#items = all.length > 1 ? `(${items})` : items;
  }

  tasks(): Record<string, Tree> {
    const { members, type, id, name, path, lostOutput } = this.#node;
    const items = this.#items;
    if (isDisabled(this.#node)) {
      this.#source.report(path, `node ${name}`, "it is disabled. Items pass through");
      return { [id]: { set: template(items) } };
    }
    if (isTrigger(this.#node)) {
      if (!["manualTrigger", "scheduleTrigger", "start"].includes(type))
        this.#source.report(
          path,
          `node ${name}`,
          "add a trigger, a schedule or a webhook for it. The input of the run is its item",
        );
      return {};
    }
    if (lostOutput !== undefined && type !== "splitInBatches")
      throw new UnsupportedConstruct("its items leave by several outputs", lostOutput);
    switch (type) {
      case "noOp":
        return { [id]: { set: template(items) } };
      case "set":
        return { [id]: { set: template(`${items}.map(item, ${this.#fields()})`) } };
      case "filter":
        return { [id]: { set: template(`${items}.filter(item, ${this.#condition()})`) } };
      case "switch":
        return { [id]: { set: this.#routes() } };
      case "if": {
        const when = this.#condition();
        return {
          [id]: {
            set: [template(`${items}.filter(item, ${when})`), template(`${items}.filter(item, !(${when}))`)],
          },
        };
      }
      case "merge": {
        const mode = textIn(membersIn(members, "parameters"), "mode");
        if (mode !== "" && mode !== "append")
          throw new UnsupportedConstruct(`the mode \`${mode}\` has no counterpart`, [
            ...path,
            "parameters",
            "mode",
          ]);
        return { [id]: { set: template(items) } };
      }
      case "wait":
        return {
          [`${id}-time`]: { wait: this.#time(), needs: this.#before() },
          [id]: { set: template(items), needs: [`${id}-time`] },
        };
      case "splitInBatches":
        return this.#loop();
      default:
        return { [id]: this.#work() };
    }
  }

  #at(...keys: readonly (string | number)[]): Path {
    return [...this.#node.path, "parameters", ...keys];
  }

  /** Returns the tasks whose items it gets. */
  #before(): readonly string[] {
    return [...new Set([...this.#items.matchAll(/tasks\["([^"]+)"\]/g)].map(([, id = ""]) => id))];
  }

  #loop(): Record<string, Tree> {
    const { members, id, name, path, loop } = this.#node;
    if (versionOf(members) < 2)
      throw new UnsupportedConstruct(
        "a loop of version 1 has no counterpart. Replace it in n8n by one of version 3",
      );
    if (loop === undefined)
      throw new UnsupportedConstruct("only a loop whose items return to it has a counterpart");
    const parameters = membersIn(members, "parameters");
    if ((membersIn(parameters, "options")["reset"] ?? false) !== false)
      throw new UnsupportedConstruct(
        "a loop that starts again has no counterpart",
        this.#at("options", "reset"),
      );
    const at = parameters["batchSize"] === undefined ? [...path, "type"] : this.#at("batchSize");
    this.#source.report(at, `batches of ${name}`, "the nodes of the loop get all items at once");
    const returned = loop.backEdges.map(({ items }) => items).join(" + ");
    return { [id]: { set: template(this.#items) }, [loop.id]: { set: template(returned) } };
  }

  #isEach(): boolean {
    const { type, members } = this.#node;
    return !ofAllItems.has(type) || textIn(membersIn(members, "parameters"), "mode") === "runOnceForEachItem";
  }

  #work(): Tree {
    const { members, type, path } = this.#node;
    const uses = nameFromCamelCase(type);
    const isEach = this.#isEach();
    const of = members["typeVersion"] === undefined ? "" : ` for parameters of version ${versionOf(members)}`;
    if (!this.#capabilities.has(uses + of)) {
      this.#capabilities.add(uses + of);
      const line = this.#source.lineOf([...path, "type"]);
      this.#source.collector.report(
        line,
        textIn(members, "type"),
        `a worker has to offer the capability \`${uses}\`${of}${isEach ? "" : ". It gets `items`, and returns a list of items"}`,
      );
    }
    const [tries, pause] = [members["maxTries"] ?? 3, members["waitBetweenTries"] ?? 1000];
    const isRetried =
      members["retryOnFail"] === true && typeof tries === "number" && typeof pause === "number";
    const first = `(size(${this.#items}) > 0 ? [${this.#items}[0]] : [])`;
    const items = members["executeOnce"] === true ? first : this.#items;
    const parameters = this.#filled(members["parameters"] ?? {}, this.#at());
    return {
      ...(isEach ? { forEach: items } : {}),
      uses,
      with: isEach ? parameters : { items: template(items), parameters },
      retry: isRetried ? { attempts: tries, backoff: `${Math.max(1, pause)}ms`, factor: 1, jitter: 0 } : 1,
    };
  }

  #filled(value: unknown, path: Path): Json {
    if (typeof value === "string") return this.#text(value, path);
    if (Array.isArray(value)) return value.map((each, index) => this.#filled(each, [...path, index]));
    if (!isMembers(value)) return value as Json;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, this.#filled(each, [...path, key])]),
    );
  }

  /** Translates `=Hello {{ $json.name }}`. */
  #text(text: string, path: Path): string {
    if (!text.startsWith("=")) return plain(text);
    const parts = text.slice(1).split(/\{\{([\s\S]*?)\}\}/);
    const lone = parts.length === 3 && parts[0] === "" && parts[2] === "";
    return parts
      .map((part, index) => (index % 2 === 0 ? (lone ? "" : plain(part)) : template(this.#read(part, path))))
      .join("");
  }

  #read(expression: string, path: Path): string {
    try {
      return new ExpressionReader(expression, {
        equals: "==",
        roots: {
          ...(this.#isEach() ? { $json: "item" } : {}),
          "$execution.id": "run.id",
          "$workflow.name": JSON.stringify(this.#workflow),
        },
        functions: {},
      }).read();
    } catch (error) {
      if (error instanceof UnsupportedConstruct) throw new UnsupportedConstruct(error.message, path);
      throw error;
    }
  }

  #expression(value: unknown, path: Path): string {
    const filled = this.#filled(value, path);
    if (typeof filled === "string" && filled.includes("${{") && !/^\$\{\{ (?:(?!\}\}).)* \}\}$/s.test(filled))
      throw new UnsupportedConstruct("a text with expressions in it has no counterpart here", path);
    return expressionOf(filled);
  }

  /** The node as the readers of older parameters see it. */
  get #older(): OlderNode {
    const { members } = this.#node;
    return {
      parameters: membersIn(members, "parameters"),
      version: versionOf(members),
      at: (...keys) => this.#at(...keys),
      expression: (value, path) => this.#expression(value, path),
    };
  }

  #fields(): string {
    const older = olderFields(this.#older);
    if (older !== undefined) return older;
    const parameters = membersIn(this.#node.members, "parameters");
    const fields = listIn(membersIn(parameters, "assignments"), "assignments");
    const mode = textIn(parameters, "mode");
    if (fields.length === 0 || (mode !== "" && mode !== "manual"))
      throw new UnsupportedConstruct("only `assignments` have a counterpart", this.#at());
    const members = fields.map((field, index): [string, string] => {
      const path = this.#at("assignments", "assignments", index);
      if (!isMembers(field)) throw new UnsupportedConstruct("a field is no mapping", path);
      const [name, type] = [textIn(field, "name"), textIn(field, "type")];
      textIn(field, "id");
      if (/[.[]/.test(name))
        throw new UnsupportedConstruct("a field inside another one has no counterpart", path);
      return [name, typedValue(this.#older, type, field["value"], [...path, "value"])];
    });
    return parameters["includeOtherFields"] === true ? merged("item", record(members)) : record(members);
  }

  /** Returns the items of each output: those that satisfy its rule first. */
  #routes(): readonly string[] {
    const older = olderRoutes(this.#older);
    if (older !== undefined) return older.map((when) => template(`${this.#items}.filter(item, ${when})`));
    const parameters = membersIn(this.#node.members, "parameters");
    const [mode, options] = [textIn(parameters, "mode"), membersIn(parameters, "options")];
    const rules = listIn(membersIn(parameters, "rules"), "values");
    if (rules.length === 0 || !["", "rules"].includes(mode))
      throw new UnsupportedConstruct("only `rules` have a counterpart", this.#at());
    requireFew(rules, this.#at("rules", "values"));
    const fallback = options["fallbackOutput"] ?? "none";
    if (fallback !== "none" && fallback !== "extra")
      throw new UnsupportedConstruct(
        `the output \`${fallback}\` for other items has no counterpart`,
        this.#at("options"),
      );
    const isFirstOnly = options["allMatchingOutputs"] !== true;
    const conditions = rules.map((rule, index) =>
      this.#condition(isMembers(rule) ? rule : {}, ["rules", "values", index]),
    );
    const others = conditions.map((each) => `!(${each})`);
    const routes = conditions.map((own, index) =>
      [...(isFirstOnly ? others.slice(0, index) : []), `(${own})`].join(" && "),
    );
    const all = fallback === "extra" ? [...routes, others.join(" && ")] : routes;
    return all.map((when) => template(`${this.#items}.filter(item, ${when})`));
  }

  /** Translates the condition of a node, or of a rule in it. */
  #condition(
    of = membersIn(this.#node.members, "parameters"),
    keys: readonly (string | number)[] = [],
  ): string {
    const older = keys.length === 0 ? olderCondition(this.#older) : undefined;
    if (older !== undefined) return older;
    const settings = membersIn(of, "conditions");
    const conditions = listIn(settings, "conditions").map((each, index) => {
      const path = this.#at(...keys, "conditions", "conditions", index);
      if (!isMembers(each)) throw new UnsupportedConstruct("a condition is no mapping", path);
      textIn(each, "id");
      const operator = membersIn(each, "operator");
      const left = this.#expression(each["leftValue"], [...path, "leftValue"]);
      const right =
        each["rightValue"] === undefined ? "" : this.#expression(each["rightValue"], [...path, "rightValue"]);
      const name = textIn(operator, "operation");
      const condition = operations.get(name)?.(left, right);
      if (condition === undefined)
        throw new UnsupportedConstruct(`the operation \`${name}\` has no counterpart`, [...path, "operator"]);
      return `(${condition})`;
    });
    if (conditions.length === 0)
      throw new UnsupportedConstruct("it has no `conditions` with operators", this.#at(...keys));
    const combinator = textIn(settings, "combinator");
    if (!["", "and", "or"].includes(combinator))
      throw new UnsupportedConstruct(
        `\`${combinator}\` has no counterpart`,
        this.#at(...keys, "conditions", "combinator"),
      );
    return conditions.join(combinator === "or" ? " || " : " && ");
  }

  #time(): string {
    const { members } = this.#node;
    const parameters = membersIn(members, "parameters");
    const isOld = versionOf(members) < 1.1;
    const { amount = isOld ? 1 : 5, unit = isOld ? "hours" : "seconds" } = parameters;
    const resume = textIn(parameters, "resume");
    if (resume !== "" && resume !== "timeInterval")
      throw new UnsupportedConstruct(`it waits for \`${resume}\``, this.#at("resume"));
    const letter = { seconds: "s", minutes: "m", hours: "h", days: "d" }[String(unit)];
    if (typeof amount !== "number" || amount <= 0 || letter === undefined)
      throw new UnsupportedConstruct("its time is computed, or it waits for a call", this.#at());
    return `${amount}${letter}`;
  }
}

const operations = new Map<string, (left: string, right: string) => string | undefined>(
  Object.entries({
    equals: (left, right) => `${left} == ${right}`,
    notEquals: (left, right) => `${left} != ${right}`,
    gt: (left, right) => `${left} > ${right}`,
    gte: (left, right) => `${left} >= ${right}`,
    lt: (left, right) => `${left} < ${right}`,
    lte: (left, right) => `${left} <= ${right}`,
    contains: (left, right) => `${left}.contains(${right})`,
    notContains: (left, right) => `!${left}.contains(${right})`,
    startsWith: (left, right) => `${left}.startsWith(${right})`,
    endsWith: (left, right) => `${left}.endsWith(${right})`,
    true: (left) => `${left} == true`,
    false: (left) => `${left} == false`,
    exists: (left) => isThere(left),
  }),
);

function addSchedules(source: ForeignDocument, node: Node, workflow: string): void {
  const all = listIn(membersIn(membersIn(node.members, "parameters"), "rule"), "interval");
  for (const [index, each] of all.entries()) {
    const path = [...node.path, "parameters", "rule", "interval", index];
    const times = isMembers(each) ? timesOf(each) : undefined;
    const schedule = source.collector.freeName(`${workflow}-${nameFrom(node.name)}`);
    if (times === undefined) {
      source.report(path, `node ${node.name}`, "write a cron expression for its times");
      continue;
    }
    const timeZone = textIn(membersIn(source.root, "settings"), "timezone");
    const isInZone = "cron" in times && timeZone !== "" && timeZone !== "DEFAULT";
    source.collector.add(
      { schedule, workflow, ...times, ...(isInZone && { timeZone }), overlap: "allow" },
      source.lineOf(path),
    );
  }
}

/** Returns the times of a rule. Days and weeks have their default hour: midnight. */
function timesOf(rule: Members): { readonly cron: string } | { readonly every: string } | undefined {
  const field = textIn(rule, "field");
  if (field === "cronExpression") return { cron: textIn(rule, "expression") };
  const count = rule[`${field}Interval`];
  const letter = { seconds: "s", minutes: "m", hours: "h" }[field];
  if (letter !== undefined) return typeof count === "number" ? { every: `${count}${letter}` } : undefined;
  if ((field !== "days" && field !== "weeks") || (count ?? 1) !== 1) return undefined;
  const [minute, hour] = [rule["triggerAtMinute"] ?? 0, rule["triggerAtHour"] ?? 0];
  const days = field === "days" ? ["*"] : listIn(rule, "triggerAtDay");
  if (typeof minute !== "number" || typeof hour !== "number" || days.length === 0) return undefined;
  return { cron: `${minute} ${hour} * * ${days.join()}` };
}
