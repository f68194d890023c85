/** Nodes of an n8n file, and how items pass from node to node. */
import {
  type ForeignDocument,
  isMembers,
  listIn,
  type Members,
  membersIn,
  type Path,
  textIn,
} from "../foreign-document.ts";
import { firstFree, inOrder, NotImported, nameFromCamelCase } from "../imported.ts";

export interface Node {
  readonly members: Members;
  readonly name: string;
  readonly type: string;
  readonly path: Path;
  readonly id: string;
  /** Expressions of lists of items, by the number of the input. */
  readonly inputs: string[][];
  /** Nodes that lead to it, except back to a loop. */
  readonly previous: Previous[];
  readonly loop?: Loop;
  /** An output without a counterpart that leads to a node. */
  lostOutput?: Path;
}

/** A connection from a node. */
export interface Previous {
  readonly node: Node;
  /** Expression of its items. */
  readonly items: string;
  /** Whether they are those that returned to a loop. */
  readonly isDone: boolean;
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

export function nodesIn(source: ForeignDocument): Map<string, Node> {
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
    const node = { members, name, type, path, id: idOf(name), inputs: [], previous: [] };
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
export function omitUnreachable(source: ForeignDocument, nodes: Map<string, Node>): ReadonlySet<string> {
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
export function connect(
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
          if (backEdges === undefined) to.previous.push({ node, items: all, isDone });
        }
      }
  }
  return [...nodes.values()]
    .flatMap(({ id, loop }) => (loop === undefined ? [id] : [id, loop.id]))
    .filter((id) => !leading.has(id));
}

const oldTriggers = new Set(["webhook", "cron", "interval", "start"]);

export function isTrigger(node: Node): boolean {
  return (node.type.endsWith("Trigger") || oldTriggers.has(node.type)) && !isDisabled(node);
}

/** Version of the parameters of a node. */
export function versionOf(members: Members): number {
  return Number(members["typeVersion"] ?? 1);
}

export function isDisabled({ members }: Node): boolean {
  return members["disabled"] === true;
}

/** Node types that process all items together. */
export const ofAllItems = new Set([
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
export function nodesInOrder(nodes: readonly Node[]): readonly Node[] {
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
