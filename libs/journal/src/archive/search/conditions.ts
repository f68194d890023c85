import type { IndexEntry, LabelCondition, Search, TimeSpan } from "../port.ts";

/** Returns whether an entry satisfies a search, apart from its cursor. */
export function matches(search: Search, entry: IndexEntry): boolean {
  const { namespace, kinds, statuses, definition, labels, startedMs, endedMs, idPrefix } = search;
  return (
    (namespace === "" || entry.key.namespace === namespace) &&
    (kinds.length === 0 || kinds.includes(entry.key.kind)) &&
    (statuses.length === 0 || statuses.includes(entry.status)) &&
    (definition === "" || entry.definition === definition) &&
    within(startedMs, entry.startMs) &&
    (endedMs === undefined || (entry.endMs > 0 && within(endedMs, entry.endMs))) &&
    entry.key.id.startsWith(idPrefix) &&
    labels.every((condition) => isMet(condition, labelOf(entry, condition.name)))
  );
}

function within({ from, to }: TimeSpan, timeMs: number): boolean {
  return timeMs >= from && timeMs < to;
}

function labelOf({ labels }: IndexEntry, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}

function isMet(condition: LabelCondition, value: string | undefined): boolean {
  switch (condition.kind) {
    case "equals":
      return value !== undefined && condition.values.includes(value);
    case "not":
      return value === undefined || !condition.values.includes(value);
    case "exists":
      return value !== undefined;
    case "absent":
      return value === undefined;
  }
}
