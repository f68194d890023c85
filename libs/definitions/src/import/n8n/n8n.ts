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
import { expressionOf, member, merged, plain, record, template, UnsupportedConstruct } from "../cel.ts";
import {
  ForeignDocument,
  isMembers,
  listIn,
  type Members,
  membersIn,
  type Path,
  textIn,
} from "../foreign-document.ts";
import { type Imported, NotImported, nameFromCamelCase, nameLengthMax, type Tree } from "../imported.ts";
import { conditionOf } from "./conditions.ts";
import { N8nExpressionReader } from "./expression.ts";
import { mergedItems } from "./merge.ts";
import {
  connect,
  isDisabled,
  isTrigger,
  type Node,
  nodesIn,
  nodesInOrder,
  ofAllItems,
  omitUnreachable,
  versionOf,
} from "./nodes.ts";
import { type OlderNode, olderCondition, olderFields, olderRoutes, requireFew, typedValue } from "./older.ts";
import { otherItem, pairedItem } from "./references.ts";
import { addSchedules } from "./schedule.ts";
import { Zone } from "./time.ts";
import type { Note } from "./value.ts";

export function importN8n(text: string, file = "n8n"): Imported {
  const source = new ForeignDocument(text);
  const { root, collector } = source;
  if (!Array.isArray(root["nodes"]) || !isMembers(root["connections"]))
    throw new NotImported("it has no `nodes` and `connections`");
  const [base = ""] = (file.split("/").at(-1) ?? "").split(".");
  const name = collector.truncate(textIn(root, "name"), nameLengthMax, source.lineOf(["name"]), "name");
  const workflow = collector.freeName(name || base);
  readBookkeeping(source);
  const nodes = nodesIn(source);
  const omitted = omitUnreachable(source, nodes);
  const leaves = connect(source, nodes, omitted);
  const tasks: Record<string, Json> = {};
  const context = { source, workflow, nodes, seen: new Set<string>(), variables: new Set<string>() };
  for (const node of nodesInOrder([...nodes.values()])) {
    const line = source.lineOf([...node.path, "name"]);
    const title = plain(collector.truncate(node.name, 200, line, "name"));
    try {
      for (const [id, task] of Object.entries(new Translator(context, node).tasks()))
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
  const parameters = parametersOf(context.variables);
  if (Object.keys(tasks).length > 0) collector.add({ workflow, ...parameters, tasks, output }, 1);
  for (const node of nodes.values())
    if (node.type === "scheduleTrigger") addSchedules(source, node, workflow);
  return source.finish();
}

/** Reads what n8n itself needs. Empty parts need no listing. */
function readBookkeeping(source: ForeignDocument): void {
  const { root } = source;
  for (const key of ["pinData", "tags"]) Reflect.get(root, key);
  for (const key of ["id", "versionId", "meta"])
    if (root[key] !== undefined) source.report([key], key, { bookkeeping: "it is needed only by n8n" });
  const path = ["settings", "executionOrder"];
  if (membersIn(root, "settings")["executionOrder"] === "v1")
    source.report(path, path.join("."), { bookkeeping: "it is the order of Tutti" });
  for (const [index, node] of listIn(root, "nodes").entries())
    if (isMembers(node) && node["webhookId"] !== undefined)
      source.report(["nodes", index, "webhookId"], "webhookId", { bookkeeping: "it is needed only by n8n" });
}

/** Variables of the instance are parameters of the definition. */
function parametersOf(variables: ReadonlySet<string>): Tree {
  if (variables.size === 0) return {};
  const properties = Object.fromEntries([...variables].map((name) => [name, { type: "string" }]));
  return { parameters: { schema: { type: "object", required: [...variables], properties } } };
}

/** What the nodes of a file share. */
interface Workflow {
  readonly source: ForeignDocument;
  readonly workflow: string;
  readonly nodes: ReadonlyMap<string, Node>;
  /** Constructs that the list already has. */
  readonly seen: Set<string>;
  /** Names of variables of the instance. */
  readonly variables: Set<string>;
}

/** Zone of the times of the workflow. */
function zoneOf(source: ForeignDocument): Zone {
  const name = textIn(membersIn(source.root, "settings"), "timezone");
  if (name === "" || name === "DEFAULT")
    throw new UnsupportedConstruct(
      "the workflow has the time zone of its instance. Set `timezone` in its settings",
    );
  return new Zone(name);
}

class Translator {
  readonly #workflow: Workflow;
  readonly #source: ForeignDocument;
  readonly #node: Node;
  readonly #items: string;
  readonly #parameters: Members;
  #readsIndex = false;

  constructor(workflow: Workflow, node: Node) {
    this.#workflow = workflow;
    this.#source = workflow.source;
    this.#node = node;
    this.#parameters = membersIn(node.members, "parameters");
    // Empty settings need no listing.
    Reflect.get(this.#parameters, "options");
    const all = node.inputs.flat();
    const items = all.length === 0 ? "[input]" : all.join(" + ");
    this.#items = all.length > 1 ? `(${items})` : items;
  }

  tasks(): Record<string, Tree> {
    const { type, id, name, path, lostOutput } = this.#node;
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
        return { [id]: { set: template(this.#mapped(this.#fields())) } };
      case "filter":
        return { [id]: { set: template(this.#filtered(this.#condition())) } };
      case "switch":
        return { [id]: { set: this.#routes() } };
      case "if": {
        const when = this.#condition();
        return { [id]: { set: [this.#filtered(when), this.#filtered(`!(${when})`)].map(template) } };
      }
      case "merge":
        return { [id]: { set: template(this.#merged()) } };
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

  #merged(): string {
    const { inputs, members } = this.#node;
    const each = Array.from(inputs, (all = []) => (all.length === 0 ? "[]" : all.join(" + ")));
    return mergedItems({
      parameters: this.#parameters,
      version: versionOf(members),
      inputs: each.length === 0 ? ["[input]"] : each,
      at: (...keys) => this.#at(...keys),
      note: this.#noteAt(this.#at("mode")),
    });
  }

  #mapped(item: string): string {
    return this.#readsIndex
      ? `${this.#items}.transformList(index, item, ${item})`
      : `${this.#items}.map(item, ${item})`;
  }

  #filtered(condition: string): string {
    return this.#readsIndex
      ? `${this.#items}.transformList(index, item, ${condition}, item)`
      : `${this.#items}.filter(item, ${condition})`;
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
    const { seen } = this.#workflow;
    if (!seen.has(uses + of)) {
      seen.add(uses + of);
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
    const { workflow, variables } = this.#workflow;
    const isEach = this.#isEach();
    const roots = {
      ...(isEach ? { $json: "item", "$input.item.json": "item", $itemIndex: "index" } : {}),
      "$input.first().json": `${this.#items}[0]`,
      "$execution.id": "run.id",
      "$workflow.name": JSON.stringify(workflow),
    };
    try {
      const read = new N8nExpressionReader(expression, {
        roots,
        zone: () => zoneOf(this.#source),
        itemOf: (name, which) => this.#itemOf(name, which),
        variable: (name) => {
          if (!variables.has(name))
            this.#source.collector.report(
              this.#source.lineOf(path),
              `$vars.${name}`,
              `pass it to each run and each schedule as the parameter \`${name}\``,
            );
          variables.add(name);
          return member("parameters", name);
        },
        note: this.#noteAt(path),
      }).read();
      this.#readsIndex ||= expression.includes("$itemIndex");
      return read.cel;
    } catch (error) {
      if (error instanceof UnsupportedConstruct) throw new UnsupportedConstruct(error.message, path);
      throw error;
    }
  }

  #itemOf(name: string, which: "first" | "last" | "item"): string {
    const { nodes } = this.#workflow;
    const node = nodes.get(name);
    if (node === undefined)
      throw new UnsupportedConstruct(`node \`${name}\` is left out, or not in the file`);
    if (which !== "item") return otherItem(this.#node, node, [...nodes.values()], which);
    if (!this.#isEach()) throw new UnsupportedConstruct("this node gets all items at once");
    const found = pairedItem(this.#node, node, [...nodes.values()]);
    this.#readsIndex ||= found.endsWith("[index]");
    return found;
  }

  /** Lists each construct of a workflow once. */
  #noteAt(path: Path): Note {
    return (construct, reason) => {
      const { seen } = this.#workflow;
      if (!seen.has(reason + construct))
        this.#source.collector.report(this.#source.lineOf(path), construct, reason);
      seen.add(reason + construct);
    };
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
    if (older !== undefined) return older.map((when) => template(this.#filtered(when)));
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
    for (const [index, rule] of rules.entries())
      for (const key of ["renameOutput", "outputKey"])
        if (isMembers(rule) && rule[key] !== undefined)
          this.#source.report(this.#at("rules", "values", index, key), key, {
            bookkeeping: "it is the name of an output",
          });
    const conditions = rules.map((rule, index) =>
      this.#condition(isMembers(rule) ? rule : {}, ["rules", "values", index]),
    );
    const others = conditions.map((each) => `!(${each})`);
    const routes = conditions.map((own, index) =>
      [...(isFirstOnly ? others.slice(0, index) : []), `(${own})`].join(" && "),
    );
    const all = fallback === "extra" ? [...routes, others.join(" && ")] : routes;
    return all.map((when) => template(this.#filtered(when)));
  }

  /** Translates the condition of a node, or of a rule in it. */
  #condition(of = this.#parameters, keys: readonly (string | number)[] = []): string {
    const older = keys.length === 0 ? olderCondition(this.#older) : undefined;
    if (older !== undefined) return older;
    const settings = membersIn(of, "conditions");
    this.#requireSame(settings);
    return conditionOf(settings, this.#at(...keys, "conditions"), {
      expression: (value, path) => this.#expression(value, path),
      note: this.#noteAt(this.#at(...keys, "conditions")),
      ignored: (path) =>
        this.#source.report(path, path.at(-1)?.toString() ?? "", { bookkeeping: "n8n ignores it" }),
    });
  }

  /** The editor copies options of a node to its conditions. n8n reads the copy. */
  #requireSame(conditions: Members): void {
    const copied = membersIn(conditions, "options");
    const options = membersIn(this.#parameters, "options");
    const { ignoreCase } = options;
    if (ignoreCase !== undefined && ignoreCase === (copied["caseSensitive"] ?? true))
      throw new UnsupportedConstruct("it contradicts `caseSensitive`", this.#at("options", "ignoreCase"));
    // Older versions have it among the options.
    const key = "looseTypeValidation";
    const loose = [options[key], this.#parameters[key]].findIndex((value) => (value ?? false) !== false);
    if (loose !== -1)
      throw new UnsupportedConstruct(
        "n8n converts values of other types before it compares them",
        loose === 0 ? this.#at("options", key) : this.#at(key),
      );
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
