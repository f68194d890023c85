/** The order of drawn tasks: the order of the rows, and only the edges that add information. */

export interface Ordered {
  /** Indexes of the nodes in drawing order: by level, then in their given order. */
  readonly order: readonly number[];
  /** Level of each node, by its index. */
  readonly level: readonly number[];
  /** Needs of each node, without those that its other needs imply. */
  readonly needs: readonly (readonly number[])[];
}

export interface Node {
  readonly id: string;
  /** Ids. Unknown ids are ignored. */
  readonly needs: readonly string[];
}

/** Above this number of nodes all edges are drawn, because the reduction takes too long. */
const reducedMax = 600;

export function orderOf(nodes: readonly Node[]): Ordered {
  const places = new Map(nodes.map(({ id }, place) => [id, place]));
  const needs = nodes.map(({ needs: ids }, own) => [
    ...new Set(
      ids.flatMap((id) => {
        const place = places.get(id);
        return place === undefined || place === own ? [] : [place];
      }),
    ),
  ]);
  const level = levelsOf(needs);
  const order = nodes.map((_, place) => place).sort((a, b) => (level[a] ?? 0) - (level[b] ?? 0) || a - b);
  return { order, level, needs: nodes.length > reducedMax ? needs : reduced(needs, order) };
}

/** Returns the level of each node. Nodes in a cycle, which only a broken server sends, keep the level reached so far. */
function levelsOf(needs: readonly (readonly number[])[]): number[] {
  const level = needs.map(() => 0);
  const missing = needs.map((own) => own.length);
  const dependents = dependentsOf(needs);
  const ready = missing.flatMap((count, place) => (count === 0 ? [place] : []));
  for (const place of ready)
    for (const next of dependents[place] ?? []) {
      level[next] = Math.max(level[next] ?? 0, (level[place] ?? 0) + 1);
      missing[next] = (missing[next] ?? 0) - 1;
      if (missing[next] === 0) ready.push(next);
    }
  return level;
}

export function dependentsOf(needs: readonly (readonly number[])[]): number[][] {
  const dependents = needs.map((): number[] => []);
  for (const [place, own] of needs.entries()) for (const need of own) dependents[need]?.push(place);
  return dependents;
}

/** Leaves out needs that follow from others: `a` in `a → b → c, a → c`. */
function reduced(needs: readonly (readonly number[])[], order: readonly number[]): number[][] {
  const ancestors = needs.map(() => new Set<number>());
  const result = needs.map((own) => [...own]);
  for (const place of order) {
    const own = needs[place] ?? [];
    const above = ancestors[place];
    for (const need of own) for (const ancestor of ancestors[need] ?? []) above?.add(ancestor);
    result[place] = own.filter((need) => above?.has(need) !== true);
    for (const need of own) above?.add(need);
  }
  return result;
}
