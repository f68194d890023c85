/** Items of other nodes: `$('Node').first()` and `$('Node').item`. */
import { UnsupportedConstruct } from "../cel.ts";
import { isDisabled, isTrigger, type Node, ofAllItems, type Previous } from "./nodes.ts";

/** Returns the expression of the first or last item of a node that leads to another one. */
export function otherItem(to: Node, from: Node, nodes: readonly Node[], which: "first" | "last"): string {
  const edges = edgesFrom(to, from, nodes);
  if (isTrigger(from)) return "input";
  const [items, more] = new Set(edges.map((edge) => edge.items));
  if (items === undefined || more !== undefined)
    throw new UnsupportedConstruct(`several outputs of \`${from.name}\` lead to it`);
  return which === "first" ? `${items}[0]` : `${items}[size(${items}) - 1]`;
}

/** Returns the expression of the item from which the current item of a node came. */
export function pairedItem(to: Node, from: Node, nodes: readonly Node[]): string {
  edgesFrom(to, from, nodes);
  // Each item comes from the only item of the trigger.
  if (isTrigger(from)) return "input";
  for (let at = to; ; ) {
    const [edge, more] = at.previous;
    if (edge === undefined || more !== undefined)
      throw new UnsupportedConstruct(`\`${at.name}\` gets the items of several nodes`);
    if (edge.node === from) return `${edge.items}[index]`;
    if (!keepsItems(edge))
      throw new UnsupportedConstruct(
        `\`${edge.node.name}\` between the nodes changes the number or order of items`,
      );
    at = edge.node;
  }
}

/** Returns the connections from a node that lead to another one. */
function edgesFrom(to: Node, from: Node, nodes: readonly Node[]): readonly Previous[] {
  const edges: Previous[] = [];
  const before = new Set<Node>([to]);
  for (const node of before)
    for (const edge of node.previous) {
      if (edge.node === from) edges.push(edge);
      before.add(edge.node);
      if (edge.isDone) for (const { node: last } of edge.node.loop?.backEdges ?? []) before.add(last);
    }
  if (to === from || !before.has(from))
    throw new UnsupportedConstruct(`\`${from.name}\` does not lead to it`);
  if (nodes.some(({ loop }) => loop?.inside.has(from.name)))
    throw new UnsupportedConstruct(`\`${from.name}\` is in a loop, where n8n has the items of one batch`);
  if (isTrigger(from) && nodes.some((node) => node !== from && isTrigger(node)))
    throw new UnsupportedConstruct(`another trigger than \`${from.name}\` can start the run`);
  return edges;
}

const changing: ReadonlySet<string> = new Set(["if", "filter", "switch", "merge", ...ofAllItems]);

/** Returns whether a node has one item for each of its input, in their order. */
function keepsItems({ node, isDone }: Previous): boolean {
  if (isDisabled(node)) return true;
  return !isDone && !changing.has(node.type) && node.members["executeOnce"] !== true;
}
