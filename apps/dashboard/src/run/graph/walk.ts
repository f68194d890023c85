/** Walking a graph by the arrow keys: along edges in the direction of the layers, among neighbours across it. */
import type { LaidNode, Layout } from "./layout.ts";

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
    const near = nearest(start, linked(layout, from, isForwards));
    if (near !== undefined) return near.node.key;
  }
  return nearest(start, inDirection(nodes, start, arrow))?.node.key;
}

function linked({ nodes, edges }: Layout, from: string, isForwards: boolean): LaidNode[] {
  const keys = new Set(
    edges.flatMap(({ edge }) => {
      if (isForwards) return edge.from === from ? [edge.to] : [];
      return edge.to === from ? [edge.from] : [];
    }),
  );
  return nodes.filter(({ node }) => keys.has(node.key));
}

function inDirection(nodes: readonly LaidNode[], start: LaidNode, arrow: Arrow): LaidNode[] {
  const at = middle(start);
  const isThatWay = ways[arrow];
  return nodes.filter((each) => {
    const { x, y } = middle(each);
    return isThatWay(x - at.x, y - at.y);
  });
}

/** More that way than beside it. Up and down are looked at a little more widely, for nodes are broad. */
const ways: Readonly<Record<Arrow, (wide: number, high: number) => boolean>> = {
  ArrowLeft: (wide, high) => wide < 0 && -wide >= Math.abs(high),
  ArrowRight: (wide, high) => wide > 0 && wide >= Math.abs(high),
  ArrowUp: (wide, high) => high < 0 && -high >= Math.abs(wide) / 2,
  ArrowDown: (wide, high) => high > 0 && high >= Math.abs(wide) / 2,
};

function nearest(start: LaidNode, nodes: readonly LaidNode[]): LaidNode | undefined {
  const at = middle(start);
  const far = (each: LaidNode) => Math.hypot(middle(each).x - at.x, middle(each).y - at.y);
  return nodes.reduce<LaidNode | undefined>(
    (best, each) => (best === undefined || far(each) < far(best) ? each : best),
    undefined,
  );
}

function middle({ x, y, width, height }: LaidNode): { readonly x: number; readonly y: number } {
  return { x: x + width / 2, y: y + height / 2 };
}
