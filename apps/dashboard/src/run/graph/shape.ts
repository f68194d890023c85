/**
 * Nodes and edges of the graph of a run.
 *
 * 1. Entries of a list, rounds of a loop and additions are inside their task: as small cells, or, if unfolded, as a
 *    graph of their own.
 * 2. At most `nodesMax` nodes are drawn in one scope, for any number of tasks: similar tasks are bundled.
 */
import type { NeedCondition } from "../model/facts.ts";
import { surroundings } from "../model/needs.ts";
import { bundle } from "./bundle.ts";
import type { Stuck } from "./stuck.ts";
import type { GraphTask, Tasks } from "./tasks.ts";

export interface GraphEdge {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  /** `then`: a sequence without a need. */
  readonly condition: NeedCondition | "then";
}

export interface GraphNode {
  /** Id of the task. Of a bundle, something no task is called. */
  readonly key: string;
  readonly title: string;
  readonly uses: string;
  readonly kind: string;
  /** State of the task, or of the tasks of a bundle. */
  readonly places: readonly number[];
  /** Indexes of its parts, in order. For a bundle, of its tasks. */
  readonly cells: readonly number[];
  readonly isBundle: boolean;
  /** True if its parts can be shown in its place. `inside` has them when it is unfolded. */
  readonly canUnfold: boolean;
  readonly inside: GraphScope | undefined;
  /** Why no worker takes it, or one of its parts. */
  readonly stuck: Stuck | undefined;
}

export interface GraphScope {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

export interface ShapeOptions {
  /** True for a run with transitions: its tasks form a sequence. */
  readonly isSequence: boolean;
  /** Keys of nodes that a person folded or unfolded, against the default. */
  readonly toggled: ReadonlySet<string>;
  /** By task. */
  readonly stuck?: ReadonlyMap<string, Stuck>;
}

/** Nodes of a scope. Further ones are bundled. */
export const nodesMax = 400;
/** Parts that are drawn one by one when their task is unfolded. */
const unfoldedMax = 400;
/** Parts that are drawn one by one by default. */
const unfoldedAtFirst = 16;

export function shapeOf(known: Tasks, options: ShapeOptions): GraphScope {
  const parts = new Map<string, number[]>();
  for (const [place, { parentId }] of known.tasks.entries()) {
    const siblings = parts.get(parentId);
    if (siblings === undefined) parts.set(parentId, [place]);
    else siblings.push(place);
  }
  return scopeOf(parts.get("") ?? [], { known, parts, options });
}

interface Context {
  readonly known: Tasks;
  readonly parts: ReadonlyMap<string, readonly number[]>;
  readonly options: ShapeOptions;
}

function scopeOf(places: readonly number[], context: Context, isInside = false): GraphScope {
  const { known, options } = context;
  // A user who unfolds a task wants to see its parts one by one. There are not too many then.
  const bundles = isInside ? [] : bundle(places, known, { nodesMax, unfolded: options.toggled });
  const keyOf = new Map<number, string>();
  for (const { key, places: together } of bundles) for (const place of together) keyOf.set(place, key);
  const nodes: GraphNode[] = [];
  for (const { key, places: together, title } of bundles) {
    nodes.push(bundleNode(key, title, together, context));
  }
  for (const place of places) if (!keyOf.has(place)) nodes.push(taskNode(place, context));
  const keyAt = (place: number) => keyOf.get(place) ?? known.tasks[place]?.id ?? "";
  const edges = new Map<string, GraphEdge>();
  const inScope = new Set(places);
  for (const to of places)
    for (const { place: from, condition } of known.needs[to] ?? []) {
      if (!inScope.has(from)) continue;
      addEdge(edges, keyAt(from), keyAt(to), condition);
    }
  const follows = (from: number, to: number) => addEdge(edges, keyAt(from), keyAt(to), "then");
  if (options.isSequence && !isInside) chainTasks(places, known, follows);
  else followGroups(places, known, follows);
  return { nodes: inOrder(nodes), edges: [...edges.values()] };
}

function addEdge(
  edges: Map<string, GraphEdge>,
  from: string,
  to: string,
  condition: GraphEdge["condition"],
): void {
  if (from === to) return;
  const key = `${from}\n${to}`;
  if (!edges.has(key)) edges.set(key, { key, from, to, condition });
}

/** In the order of their creation. A bundle takes the place of its first task. */
function inOrder(nodes: GraphNode[]): GraphNode[] {
  return nodes.sort((one, other) => (one.places[0] ?? 0) - (other.places[0] ?? 0));
}

/** Tasks of transitions form a sequence, in the order of their creation. */
function chainTasks(
  places: readonly number[],
  { needs }: Tasks,
  follows: (from: number, to: number) => void,
): void {
  for (const [at, place] of places.entries()) {
    const before = places[at - 1];
    if (before !== undefined && (needs[place]?.length ?? 0) === 0) follows(before, place);
  }
}

/** Rounds form a sequence. */
function followGroups(
  places: readonly number[],
  { tasks, needs }: Tasks,
  follows: (from: number, to: number) => void,
): void {
  const groups = new Map<string, number[]>();
  for (const place of places) {
    const task = tasks[place];
    if (task === undefined) continue;
    const [before, behind] = surroundings(task);
    if (before === "" && behind === "") continue;
    const group = groups.get(before + behind);
    if (group === undefined) groups.set(before + behind, [place]);
    else group.push(place);
  }
  const inOrderOfRounds = [...groups.values()];
  for (let at = 1; at < inOrderOfRounds.length; at++) {
    const earlier = inOrderOfRounds[at - 1] ?? [];
    const needed = new Set(earlier.flatMap((place) => (needs[place] ?? []).map((need) => need.place)));
    const last = earlier.filter((place) => !needed.has(place));
    const first = (inOrderOfRounds[at] ?? []).filter((place) => (needs[place]?.length ?? 0) === 0);
    for (const from of last) for (const to of first) follows(from, to);
  }
}

function bundleNode(key: string, title: string, places: readonly number[], context: Context): GraphNode {
  const { tasks } = context.known;
  const uses = new Set(places.map((place) => tasks[place]?.uses ?? ""));
  const kinds = new Set(places.map((place) => tasks[place]?.kind ?? ""));
  return {
    key,
    title,
    places,
    cells: places,
    isBundle: true,
    inside: undefined,
    stuck: stuckAmong(places, context),
    uses: uses.size === 1 ? ([...uses][0] ?? "") : "",
    kind: kinds.size === 1 ? ([...kinds][0] ?? "uses") : "uses",
    canUnfold: places.length <= unfoldedMax && key.startsWith(alikePrefix),
  };
}

function stuckAmong(places: readonly number[], { known, options: { stuck } }: Context): Stuck | undefined {
  if (stuck === undefined || stuck.size === 0) return undefined;
  const among = new Set(places);
  for (const [task, reason] of stuck) if (among.has(known.placeOf.get(task) ?? -1)) return reason;
  return undefined;
}

/** Keys of bundles that can be taken apart. */
const alikePrefix = "=";

function taskNode(place: number, context: Context): GraphNode {
  const { known, parts, options } = context;
  const task = known.tasks[place] as GraphTask;
  const cells = parts.get(task.id) ?? [];
  const isList = cells.length > 0 && known.tasks[cells[0] ?? 0]?.id === `${task.id}[0]`;
  const canUnfold = cells.length > 0 && cells.length <= unfoldedMax;
  const isUsual = !isList && cells.length <= unfoldedAtFirst;
  const isUnfolded = canUnfold && options.toggled.has(task.id) !== isUsual;
  return {
    key: task.id,
    title: shortTitle(task),
    uses: task.uses,
    kind: task.kind,
    places: [place],
    cells,
    isBundle: false,
    canUnfold,
    inside: isUnfolded ? scopeOf(cells, context, true) : undefined,
    stuck: stuckAmong(isUnfolded ? [place] : [place, ...cells], context),
  };
}

/** Short name of a task among its neighbours: `fetch` in round 2 of `poll`, entry `[3]` of `ship`. */
export function shortTitle({ id, title, parentId }: Pick<GraphTask, "id" | "title" | "parentId">): string {
  if (parentId === "" || !id.startsWith(parentId)) {
    const suffix = /#\d+$/.exec(id)?.[0] ?? "";
    return title === "" || title === id ? id : `${title}${title.endsWith(suffix) ? "" : ` ${suffix}`}`;
  }
  const own = id.slice(parentId.length);
  if (own.startsWith("[")) return own.replace(/^\[(\d+)\]$/, "#$1");
  return title === "" ? own : title;
}
