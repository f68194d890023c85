/** The layout by elk, in a worker, so that the page stays at hand; given up where it takes longer than a person waits. */
import ELK, { type ElkExtendedEdge, type ElkNode } from "elkjs/lib/elk-api";
import workerUrl from "elkjs/lib/elk-worker.min.js?url";
import { after } from "../../effects/time.ts";
import { type Box, type Direction, gaps, type Link, layered, type Placed, type Point } from "./layered.ts";

/** Beyond these, our own arithmetic is as good and sooner there. */
const nodesMax = 150;
const linksMax = 400;
const patienceMs = 450;

let elk: InstanceType<typeof ELK> | undefined;

function theElk(): InstanceType<typeof ELK> {
  elk ??= new ELK({ workerFactory: () => new Worker(workerUrl) });
  return elk;
}

export async function placeByElk(
  boxes: readonly Box[],
  links: readonly Link[],
  direction: Direction,
): Promise<Placed> {
  const own = () => layered(boxes, links, direction);
  if (links.length === 0 || boxes.length > nodesMax || links.length > linksMax) return own();
  const laid = theElk().layout(graphOf(boxes, links, direction));
  const late = new Promise<undefined>((resolve) => {
    after(patienceMs, () => resolve(undefined));
  });
  const found = await Promise.race([laid.catch(() => undefined), late]);
  return found === undefined ? own() : placedOf(found);
}

function graphOf(boxes: readonly Box[], links: readonly Link[], direction: Direction): ElkNode {
  return {
    id: "scope",
    layoutOptions: {
      "elk.algorithm": "layered",
      "elk.direction": direction === "right" ? "RIGHT" : "DOWN",
      "elk.edgeRouting": "POLYLINE",
      "elk.layered.spacing.nodeNodeBetweenLayers": String(gaps.layer),
      "elk.spacing.nodeNode": String(gaps.beside),
      "elk.spacing.edgeNode": String(gaps.bend),
      "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
      "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
      "elk.padding": "[top=0,left=0,bottom=0,right=0]",
    },
    children: boxes.map((box) => childOf(box, direction)),
    edges: links.map(({ key, from, to }) => ({
      id: key,
      sources: [portOf(from, "out")],
      targets: [portOf(to, "in")],
    })),
  };
}

/** Edges meet nodes at their heads, so that those in a row stand on one line whatever is below. */
function childOf(box: Box, direction: Direction): ElkNode {
  const { key, width, height } = box;
  const isRight = direction === "right";
  const anchor = box.anchor ?? (isRight ? height : width) / 2;
  const port = (way: "in" | "out", x: number, y: number) => ({
    ...{ id: portOf(key, way), x, y, width: 0, height: 0 },
    layoutOptions: { "elk.port.side": portSides[direction][way] },
  });
  return {
    ...{ id: key, width, height },
    layoutOptions: { "elk.portConstraints": "FIXED_POS" },
    ports: isRight
      ? [port("in", 0, anchor), port("out", width, anchor)]
      : [port("in", anchor, 0), port("out", anchor, height)],
  };
}

const portSides = {
  right: { in: "WEST", out: "EAST" },
  down: { in: "NORTH", out: "SOUTH" },
} as const;

function portOf(key: string, way: "in" | "out"): string {
  return `${way} ${key}`;
}

function placedOf({ width = 0, height = 0, children = [], edges = [] }: ElkNode): Placed {
  const at = new Map(children.map(({ id, x = 0, y = 0 }) => [id, { x, y }]));
  const bends = new Map<string, readonly Point[]>();
  for (const edge of edges) bends.set(edge.id, bendsOf(edge));
  return { width, height, at, bends };
}

/** Only the way around nodes; where an edge leaves and arrives is drawn at their heads. */
function bendsOf({ sections }: ElkExtendedEdge): readonly Point[] {
  const points = sections?.[0]?.bendPoints ?? [];
  // Two bends beside each other are a kink of the routing, not a way around something.
  return points.length < 3 ? [] : points.slice(1, -1);
}
