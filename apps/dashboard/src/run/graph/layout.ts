/**
 * Positions of all nodes and edges of a graph of a run, a session or a definition. Graphs inside of nodes are placed
 * first: the size of a node depends on the graph inside it.
 */
import { type Box, type Direction, layered, type Placed, type Point } from "./layered.ts";
import type { GraphEdge, GraphNode, GraphScope } from "./shape.ts";
import { frame, type Size, sizeAround, sizeOf } from "./sizes.ts";

export interface PlacedNode {
  readonly node: GraphNode;
  /** In the coordinates of the whole. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** How deep it is inside of others. */
  readonly depth: number;
}

export interface PlacedEdge {
  readonly edge: GraphEdge;
  /** From the end of one node to the start of the other, with bends between. */
  readonly points: readonly Point[];
  readonly depth: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
  readonly direction: Direction;
}

/** @param sizeOfNode the room of a node without a graph inside. Default: a task of a run */
export function layoutOf(scope: GraphScope, direction: Direction, sizeOfNode = sizeOfTask): Layout {
  const nodes: PlacedNode[] = [];
  const edges: PlacedEdge[] = [];
  const arranged = arrange(scope, { direction, sizeOfNode });
  placeScope(arranged, { x: 0, y: 0, depth: 0, direction }, nodes, edges);
  return { width: arranged.placed.width, height: arranged.placed.height, nodes, edges, direction };
}

interface Arranged {
  readonly scope: GraphScope;
  readonly placed: Placed;
  readonly boxes: ReadonlyMap<string, Box>;
  readonly inside: ReadonlyMap<string, Arranged>;
}

interface Arranging {
  readonly direction: Direction;
  readonly sizeOfNode: (node: GraphNode) => Size;
}

function sizeOfTask({ cells, stuck }: GraphNode): Size {
  return sizeOf(cells.length, stuck !== undefined);
}

function arrange(scope: GraphScope, options: Arranging): Arranged {
  const inside = new Map<string, Arranged>();
  for (const node of scope.nodes)
    if (node.inside !== undefined) inside.set(node.key, arrange(node.inside, options));
  const boxes = boxesOf(scope, inside, options);
  return { scope, placed: layered([...boxes.values()], scope.edges, options.direction), boxes, inside };
}

function boxesOf(
  { nodes }: GraphScope,
  inside: ReadonlyMap<string, Arranged>,
  { direction, sizeOfNode }: Arranging,
): Map<string, Box> {
  return new Map(
    nodes.map((node) => {
      const { key } = node;
      const around = inside.get(key);
      const size = around === undefined ? sizeOfNode(node) : sizeAround(around.placed);
      return [key, { key, ...size, anchor: direction === "right" ? headMiddle : size.width / 2 }];
    }),
  );
}

interface Corner extends Point {
  readonly depth: number;
  readonly direction: Direction;
}

function placeScope(
  { scope, placed, boxes, inside }: Arranged,
  corner: Corner,
  nodes: PlacedNode[],
  edges: PlacedEdge[],
): void {
  const { depth, direction } = corner;
  const rects = new Map<string, PlacedNode>();
  for (const node of scope.nodes) {
    const box = boxes.get(node.key);
    const at = placed.at.get(node.key);
    if (box === undefined || at === undefined) continue;
    const { width, height } = box;
    const laid = { node, x: corner.x + at.x, y: corner.y + at.y, width, height, depth };
    rects.set(node.key, laid);
    nodes.push(laid);
    const within = inside.get(node.key);
    if (within !== undefined) {
      const start = { x: laid.x + frame.side, y: laid.y + frame.top, depth: depth + 1, direction };
      placeScope(within, start, nodes, edges);
    }
  }
  for (const edge of scope.edges) {
    const from = rects.get(edge.from);
    const to = rects.get(edge.to);
    if (from === undefined || to === undefined) continue;
    const bends = (placed.bends.get(edge.key) ?? []).map(({ x, y }) => ({
      x: corner.x + x,
      y: corner.y + y,
    }));
    edges.push({ edge, points: [endOf(from, direction), ...bends, startOf(to, direction)], depth });
  }
}

/** Edges meet nodes where their heads are, so that a node with many cells is met at its name. */
const headMiddle = 26;

function endOf({ x, y, width, height }: PlacedNode, direction: Direction): Point {
  return direction === "right" ? { x: x + width, y: y + headMiddle } : { x: x + width / 2, y: y + height };
}

function startOf({ x, y, width }: PlacedNode, direction: Direction): Point {
  return direction === "right" ? { x, y: y + headMiddle } : { x: x + width / 2, y };
}
