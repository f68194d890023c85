/** Searches of the index, and their results, in the form for other processes of a cluster. */
import {
  type IndexEntry as EntryMessage,
  type LabelCondition as LabelMessage,
  MachineOrder,
  SearchIndexRequest,
} from "@tutti/contracts/runtime/v1";
import type { IndexEntry, LabelCondition, Search, TimeSpan } from "@tutti/journal";
import { toTimestamp } from "@tutti/kernel";
import { spanOf } from "../machines/list.ts";

const orders = {
  "started-descending": MachineOrder.MACHINE_ORDER_STARTED_DESCENDING,
  "started-ascending": MachineOrder.MACHINE_ORDER_STARTED_ASCENDING,
  "ended-descending": MachineOrder.MACHINE_ORDER_ENDED_DESCENDING,
} as const satisfies Record<Search["order"], MachineOrder>;

const ordersByNumber = new Map<MachineOrder, Search["order"]>(
  (Object.keys(orders) as Search["order"][]).map((order) => [orders[order], order]),
);

/** @param partition a partition of the owner that receives the request */
export function requestOf(search: Search, partition: number): SearchIndexRequest {
  const { namespace, kinds, statuses, definition, labels, startedMs, endedMs, idPrefix, order } = search;
  return SearchIndexRequest.create({
    partition,
    ofNamespace: namespace,
    definition,
    idPrefix,
    order: orders[order],
    kinds: [...kinds],
    statuses: [...statuses],
    labels: labels.map(messageOf),
    started: rangeOf(startedMs),
    ended: endedMs && rangeOf(endedMs),
    limit: search.limit,
    cursor: search.cursor,
    mayLag: search.mayLag ?? false,
  });
}

export function searchIn(request: SearchIndexRequest): Search {
  const { ofNamespace, kinds, statuses, definition, labels, started, ended, idPrefix, order } = request;
  return {
    namespace: ofNamespace,
    kinds,
    statuses,
    definition,
    idPrefix,
    labels: labels.map(conditionIn),
    startedMs: spanOf(started),
    endedMs: ended && spanOf(ended),
    order: ordersByNumber.get(order) ?? "started-descending",
    limit: request.limit,
    cursor: request.cursor,
    mayLag: request.mayLag,
  };
}

export function messageOfEntry({ key, last, ...entry }: IndexEntry): EntryMessage {
  return {
    ...entry,
    ...key,
    incarnation: entry.incarnation,
    labels: { ...entry.labels },
    lastBatch: last.batch,
    lastRecord: last.index,
  };
}

export function entryIn(message: EntryMessage): IndexEntry {
  const { namespace, kind, id, lastBatch, lastRecord, ...entry } = message;
  return { ...entry, key: { namespace, kind, id }, last: { batch: lastBatch, index: lastRecord } };
}

function messageOf(condition: LabelCondition): LabelMessage {
  const { name, kind } = condition;
  switch (kind) {
    case "equals":
    case "not":
      return { name, holds: { $case: kind, value: { values: [...condition.values] } } };
    case "exists":
    case "absent":
      return { name, holds: { $case: "present", value: kind === "exists" } };
  }
}

function conditionIn({ name, holds }: LabelMessage): LabelCondition {
  switch (holds?.$case) {
    case "equals":
      return { kind: "equals", name, values: holds.value.values };
    case "not":
      return { kind: "not", name, values: holds.value.values };
    default:
      return { kind: holds?.value === false ? "absent" : "exists", name };
  }
}

function rangeOf({ from, to }: TimeSpan) {
  return { from: toTimestamp(from), to: to === Number.POSITIVE_INFINITY ? undefined : toTimestamp(to) };
}
