/**
 * Layered layout of a graph. It is fast enough to run on each change, and gives the same graph the same picture.
 *
 * 1. A node's layer is its longest path from the start. An edge over several layers gets a bend in each, and room there.
 * 2. Within a layer, the order avoids crossings: sweeps sort by neighbours, swaps repair the rest, the best order is
 *    kept.
 * 3. Nodes are placed as near to their neighbours as their size and the order allow.
 */

export interface Box {
  readonly key: string;
  readonly width: number;
  readonly height: number;
  /** Offset at which edges meet the node, across the layers, from its upper or left edge. Default: the middle. */
  readonly anchor?: number;
}

export interface Link {
  readonly key: string;
  readonly from: string;
  readonly to: string;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Placed {
  readonly width: number;
  readonly height: number;
  /** Upper left corners, by key. */
  readonly at: ReadonlyMap<string, Point>;
  /** Bends of edges between their ends, by key. */
  readonly bends: ReadonlyMap<string, readonly Point[]>;
}

export type Direction = "right" | "down";

/** Between layers, and between those beside each other in one. */
const gaps = { layer: 64, beside: 20, bend: 12 };
const sweepsOfSmall = 24;
const sweepsOfLarge = 6;
/** Graphs with more stops are ordered by few sweeps and no swaps. */
const largeFrom = 1_500;
const swapRounds = 8;
const settleSweeps = 6;
/** Edges over several layers of a graph with more than these go straight. */
const bendsMax = 4_000;

/** A node or a bend, in the direction of the layers: `main` along it, `cross` beside. */
interface Stop {
  readonly key: string;
  readonly main: number;
  readonly cross: number;
  readonly anchor: number;
  layer: number;
  order: number;
  /** Offset at which edges meet the node. */
  center: number;
  readonly before: Stop[];
  readonly after: Stop[];
}

export function layered(boxes: readonly Box[], links: readonly Link[], direction: Direction): Placed {
  if (links.length === 0 && boxes.length > 1) return inRows(boxes, direction);
  const stops = new Map<string, Stop>();
  for (const { key, width, height, anchor } of boxes) {
    const [main, cross] = direction === "right" ? [width, height] : [height, width];
    const at = anchor ?? cross / 2;
    stops.set(key, { key, main, cross, anchor: at, layer: 0, order: 0, center: 0, before: [], after: [] });
  }
  const real = [...stops.values()];
  connect(stops, links);
  const depth = layer(real);
  const all = [...real, ...bendEdges(stops, links)];
  const layers: Stop[][] = Array.from({ length: depth }, () => []);
  for (const stop of all) layers[stop.layer]?.push(stop);
  for (const each of layers) for (const [order, stop] of each.entries()) stop.order = order;
  untangle(layers);
  for (const each of layers) stack(each);
  for (let sweep = 0; sweep < settleSweeps; sweep++) settle(layers, sweep % 2 === 0);
  return placed({ layers, stops, links, direction });
}

function connect(stops: ReadonlyMap<string, Stop>, links: readonly Link[]): void {
  for (const { from, to } of links) {
    const source = stops.get(from);
    const target = stops.get(to);
    if (source === undefined || target === undefined || source === target) continue;
    source.after.push(target);
    target.before.push(source);
  }
}

/** By the longest path. Nodes of a cycle stay in the first layer. */
function layer(stops: readonly Stop[]): number {
  const missing = new Map(stops.map((stop) => [stop, stop.before.length]));
  const ready = stops.filter(({ before }) => before.length === 0);
  let depth = 1;
  for (let at = 0; at < ready.length; at++) {
    const stop = ready[at] as Stop;
    depth = Math.max(depth, stop.layer + 1);
    for (const next of stop.after) {
      next.layer = Math.max(next.layer, stop.layer + 1);
      const remaining = (missing.get(next) ?? 0) - 1;
      missing.set(next, remaining);
      if (remaining === 0) ready.push(next);
    }
  }
  for (const [stop, remaining] of missing) if (remaining > 0) stop.layer = Math.min(stop.layer, depth - 1);
  return depth;
}

/** Long edges go from bend to bend. */
function bendEdges(stops: ReadonlyMap<string, Stop>, links: readonly Link[]): Stop[] {
  const long = links.filter(({ from, to }) => layersBetween(stops, from, to) > 1);
  const count = long.reduce((sum, { from, to }) => sum + layersBetween(stops, from, to) - 1, 0);
  if (count > bendsMax) return [];
  const bends: Stop[] = [];
  for (const { key, from, to } of long) {
    const source = stops.get(from) as Stop;
    const target = stops.get(to) as Stop;
    source.after.splice(source.after.indexOf(target), 1);
    target.before.splice(target.before.indexOf(source), 1);
    let last = source;
    for (let at = source.layer + 1; at < target.layer; at++) {
      const bend: Stop = {
        key: bendKey(key, at),
        main: 0,
        cross: gaps.bend,
        anchor: gaps.bend / 2,
        layer: at,
        order: 0,
        center: 0,
        before: [last],
        after: [],
      };
      last.after.push(bend);
      bends.push(bend);
      last = bend;
    }
    last.after.push(target);
    target.before.push(last);
  }
  return bends;
}

function layersBetween(stops: ReadonlyMap<string, Stop>, from: string, to: string): number {
  return (stops.get(to)?.layer ?? 0) - (stops.get(from)?.layer ?? 0);
}

function bendKey(edge: string, layerAt: number): string {
  return `${edge}\n${layerAt}`;
}

/**
 * Reduces crossings: sweeps sort each layer by its neighbours, swaps of two neighbours in a layer repair what sorting
 * cannot. The best order of all sweeps is kept, because a sweep can also make an order worse.
 */
function untangle(layers: readonly Stop[][]): void {
  const size = layers.reduce((sum, each) => sum + each.length, 0);
  const sweeps = size > largeFrom ? sweepsOfLarge : sweepsOfSmall;
  const initial = layers.map((each) => [...each]);
  let best = initial;
  let least = crossingsOf(layers);
  for (const first of [0, 1]) {
    restore(layers, initial);
    for (let sweep = first; sweep < first + sweeps && least > 0; sweep++) {
      reorder(layers, sweep % 2 === 0);
      if (size <= largeFrom) swap(layers);
      const count = crossingsOf(layers);
      if (count >= least) continue;
      least = count;
      best = layers.map((each) => [...each]);
    }
  }
  restore(layers, best);
}

function restore(layers: readonly Stop[][], from: readonly (readonly Stop[])[]): void {
  for (const [place, each] of layers.entries()) {
    each.splice(0, each.length, ...(from[place] ?? []));
    for (const [order, stop] of each.entries()) stop.order = order;
  }
}

/** Sorts each layer by the mean order of its neighbours in the layer before, or after. */
function reorder(layers: readonly Stop[][], forwards: boolean): void {
  const inOrder = forwards ? layers : layers.toReversed();
  for (const each of inOrder) {
    const desired = new Map(each.map((stop) => [stop, middleOf(stop, forwards) ?? stop.order]));
    each.sort((one, other) => (desired.get(one) ?? 0) - (desired.get(other) ?? 0) || one.order - other.order);
    for (const [order, stop] of each.entries()) stop.order = order;
  }
}

/** Swaps neighbours in a layer as long as that removes crossings. */
function swap(layers: readonly Stop[][]): void {
  for (let round = 0, isBetter = true; isBetter && round < swapRounds; round++) {
    isBetter = false;
    for (const each of layers)
      for (let order = 1; order < each.length; order++) {
        const upper = each[order - 1] as Stop;
        const lower = each[order] as Stop;
        if (crossingsBetween(upper, lower) <= crossingsBetween(lower, upper)) continue;
        each[order - 1] = lower;
        each[order] = upper;
        lower.order = order - 1;
        upper.order = order;
        isBetter = true;
      }
  }
}

/** Crossings of the edges of two stops of one layer, if the first one is above the second one. */
function crossingsBetween(upper: Stop, lower: Stop): number {
  return crossed(upper.before, lower.before) + crossed(upper.after, lower.after);
}

function crossed(upper: readonly Stop[], lower: readonly Stop[]): number {
  let count = 0;
  for (const one of upper) for (const other of lower) if (one.order > other.order) count++;
  return count;
}

/** Counts the inversions of the edges between each two layers, with a tree of prefix sums. */
function crossingsOf(layers: readonly Stop[][]): number {
  let count = 0;
  for (const [place, each] of layers.entries()) {
    const sums = new Uint32Array((layers[place + 1]?.length ?? 0) + 1);
    let edges = 0;
    for (const { after } of each) {
      for (const { order } of after) count += edges - sumUpTo(sums, order + 1);
      for (const { order } of after) {
        edges++;
        for (let at = order + 1; at < sums.length; at += at & -at) sums[at] = (sums[at] ?? 0) + 1;
      }
    }
  }
  return count;
}

function sumUpTo(sums: Uint32Array, end: number): number {
  let sum = 0;
  for (let at = end; at > 0; at -= at & -at) sum += sums[at] ?? 0;
  return sum;
}

function middleOf(stop: Stop, forwards: boolean): number | undefined {
  const neighbours = forwards ? stop.before : stop.after;
  if (neighbours.length === 0) return undefined;
  return neighbours.reduce((sum, { order, layer: at }) => sum + order + at * 1e-9, 0) / neighbours.length;
}

function stack(stops: readonly Stop[]): void {
  let cross = 0;
  for (const stop of stops) {
    stop.center = cross + stop.anchor;
    cross += stop.cross + gaps.beside;
  }
  const shift = cross / 2;
  for (const stop of stops) stop.center -= shift;
}

/** Moves nodes to the mean of their neighbours. Overlapping ones share the distance. */
function settle(layers: readonly Stop[][], forwards: boolean): void {
  for (const each of forwards ? layers : layers.toReversed()) {
    const desired = each.map((stop) => meanOf(forwards ? stop.before : stop.after) ?? stop.center);
    spread(each, desired);
  }
}

function meanOf(stops: readonly Stop[]): number | undefined {
  if (stops.length === 0) return undefined;
  return stops.reduce((sum, { center }) => sum + center, 0) / stops.length;
}

/** Blocks of neighbours that touch move as one, to the mean of what each of them wants. */
function spread(stops: readonly Stop[], desired: readonly number[]): void {
  const blocks: { first: number; count: number; offset: number; sum: number }[] = [];
  const offsets: number[] = [];
  let offset = 0;
  for (const [place, stop] of stops.entries()) {
    const before = stops[place - 1];
    if (before !== undefined) offset += before.cross - before.anchor + gaps.beside + stop.anchor;
    offsets.push(offset);
    // In coordinates where all touching edges share one point.
    let block = { first: place, count: 1, offset, sum: (desired[place] ?? 0) - offset };
    for (let last = blocks.at(-1); last !== undefined; last = blocks.at(-1)) {
      if (last.sum / last.count <= block.sum / block.count) break;
      blocks.pop();
      block = { ...last, count: last.count + block.count, sum: last.sum + block.sum };
    }
    blocks.push(block);
  }
  for (const { first, count, sum } of blocks)
    for (let place = first; place < first + count; place++) {
      const stop = stops[place];
      if (stop !== undefined) stop.center = sum / count + (offsets[place] ?? 0);
    }
}

interface LayeredGraph {
  readonly layers: readonly Stop[][];
  readonly stops: ReadonlyMap<string, Stop>;
  readonly links: readonly Link[];
  readonly direction: Direction;
}

function placed({ layers, stops, links, direction }: LayeredGraph): Placed {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const each of layers)
    for (const { center, cross, anchor } of each) {
      least = Math.min(least, center - anchor);
      most = Math.max(most, center - anchor + cross);
    }
  const point = (main: number, cross: number): Point =>
    direction === "right" ? { x: main, y: cross } : { x: cross, y: main };
  const at = new Map<string, Point>();
  const middles = new Map<string, Point>();
  let main = 0;
  for (const each of layers) {
    const thick = each.reduce((size, stop) => Math.max(size, stop.main), 0);
    for (const stop of each) {
      if (stops.has(stop.key)) {
        const start = main + (direction === "right" ? 0 : (thick - stop.main) / 2);
        at.set(stop.key, point(start, stop.center - stop.anchor - least));
      } else middles.set(stop.key, point(main + thick / 2, stop.center - least));
    }
    main += thick + gaps.layer;
  }
  const bends = new Map<string, readonly Point[]>();
  for (const { key, from, to } of links) {
    const through: Point[] = [];
    const last = stops.get(to)?.layer ?? 0;
    for (let layerAt = (stops.get(from)?.layer ?? 0) + 1; layerAt < last; layerAt++) {
      const middle = middles.get(bendKey(key, layerAt));
      if (middle !== undefined) through.push(middle);
    }
    if (through.length > 0) bends.set(key, through);
  }
  const size = point(Math.max(0, main - gaps.layer), Math.max(0, most - least));
  return { width: size.x, height: size.y, at, bends };
}

/** Nothing hangs together: rows of equal length, about as wide as a screen is. */
function inRows(boxes: readonly Box[], direction: Direction): Placed {
  const wide = Math.max(...boxes.map(({ width }) => width)) + gaps.beside;
  const high = Math.max(...boxes.map(({ height }) => height)) + gaps.beside;
  const ratio = direction === "right" ? 1.8 : 0.5;
  const columns = Math.max(1, Math.round(Math.sqrt((boxes.length * high * ratio) / wide)));
  const at = new Map<string, Point>();
  for (const [place, { key }] of boxes.entries())
    at.set(key, { x: (place % columns) * wide, y: Math.floor(place / columns) * high });
  const rows = Math.ceil(boxes.length / columns);
  return {
    width: Math.min(columns, boxes.length) * wide - gaps.beside,
    height: rows * high - gaps.beside,
    at,
    bends: new Map(),
  };
}
