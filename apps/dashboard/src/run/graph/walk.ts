/** Walking a graph by the arrow keys: along edges in the direction of the layers, among neighbours across it. */
import type { Layout, PlacedNode } from "./layout.ts";

export type Arrow = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown";

/** Returns the key of the node to go to. Undefined where there is none that way. */
export function walk(layout: Layout, from: string, arrow: Arrow): string | undefined {
  const { nodes, direction } = layout;
  const start = nodes.find(({ node }) => node.key === from);
  if (start === undefined) return nodes[0]?.node.key;
  const along = direction === "right" ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
  const isAlong = along.includes(arrow);
  const isForwards = arrow === "ArrowRight" || arrow === "ArrowDown";
  if (isAlong) {
    const neighbour = nearest(start, linked(layout, from, isForwards));
    if (neighbour !== undefined) return neighbour.node.key;
  }
  return nearest(start, inDirection(nodes, start, arrow))?.node.key;
}

function linked({ nodes, edges }: Layout, from: string, isForwards: boolean): PlacedNode[] {
  const keys = new Set(
    edges.flatMap(({ edge }) => {
      if (isForwards) return edge.from === from ? [edge.to] : [];
      return edge.to === from ? [edge.from] : [];
    }),
  );
  return nodes.filter(({ node }) => keys.has(node.key));
}

function inDirection(nodes: readonly PlacedNode[], start: PlacedNode, arrow: Arrow): PlacedNode[] {
  const at = middle(start);
  const isInDirection = directions[arrow];
  return nodes.filter((each) => {
    const { x, y } = middle(each);
    return isInDirection(x - at.x, y - at.y);
  });
}

/** More that way than beside it. Up and down are looked at a little more widely, for nodes are broad. */
const directions: Readonly<Record<Arrow, (wide: number, high: number) => boolean>> = {
  ArrowLeft: (wide, high) => wide < 0 && -wide >= Math.abs(high),
  ArrowRight: (wide, high) => wide > 0 && wide >= Math.abs(high),
  ArrowUp: (wide, high) => high < 0 && -high >= Math.abs(wide) / 2,
  ArrowDown: (wide, high) => high > 0 && high >= Math.abs(wide) / 2,
};

function nearest(start: PlacedNode, nodes: readonly PlacedNode[]): PlacedNode | undefined {
  const at = middle(start);
  const distance = (each: PlacedNode) => Math.hypot(middle(each).x - at.x, middle(each).y - at.y);
  return nodes.reduce<PlacedNode | undefined>(
    (best, each) => (best === undefined || distance(each) < distance(best) ? each : best),
    undefined,
  );
}

function middle({ x, y, width, height }: PlacedNode): { readonly x: number; readonly y: number } {
  return { x: x + width / 2, y: y + height / 2 };
}
