import {
  type ListMachinesReply,
  type ListMachinesRequest,
  type Machine,
  MachineOrder,
} from "@tutti/contracts/runtime/v1";
import { Actor, type LabelSelector, type TimeRange } from "@tutti/contracts/types/v1";
import type { IndexEntry, LabelCondition, Search, TimeSpan } from "@tutti/journal";
import { fromTimestamp, toTimestamp } from "@tutti/kernel";
import type { MachineDependencies } from "./dependencies.ts";

const pageDefault = 100;
const pageMax = 1_000;

/** Lists machines from the index. The reply contains the time up to which the index is complete. */
export async function listMachines(
  { archive }: Pick<MachineDependencies, "archive">,
  request: ListMachinesRequest,
): Promise<ListMachinesReply> {
  const { entries, cursor, indexedToMs } = await archive.search(searchOf(request));
  return {
    machines: entries.map(machineOf),
    page: { nextToken: cursor },
    indexedTo: toTimestamp(Math.floor(indexedToMs)),
  };
}

function searchOf(request: ListMachinesRequest): Search {
  const { namespace, kinds, statuses, definition, labels, started, ended, idPrefix, order, page } = request;
  return {
    namespace: namespace || "default",
    kinds,
    statuses,
    definition,
    idPrefix,
    labels: labels === undefined ? [] : conditionsOf(labels),
    startedMs: spanOf(started),
    endedMs: ended && spanOf(ended),
    order: orders[order] ?? "started-descending",
    limit: Math.min(page?.size || pageDefault, pageMax),
    cursor: page?.token ?? "",
  };
}

const orders: Readonly<Partial<Record<MachineOrder, Search["order"]>>> = {
  [MachineOrder.MACHINE_ORDER_STARTED_ASCENDING]: "started-ascending",
  [MachineOrder.MACHINE_ORDER_ENDED_DESCENDING]: "ended-descending",
};

/** Converts a selector of the contracts for the index. */
export function conditionsOf({ equals, exists, absent }: LabelSelector): LabelCondition[] {
  return [
    ...Object.entries(equals).map(([name, value]) => ({ kind: "equals", name, values: [value] }) as const),
    ...exists.map((name) => ({ kind: "exists", name }) as const),
    ...absent.map((name) => ({ kind: "absent", name }) as const),
  ];
}

export function spanOf(range: TimeRange | undefined): TimeSpan {
  return {
    from: range?.from === undefined ? 0 : fromTimestamp(range.from),
    to: range?.to === undefined ? Number.POSITIVE_INFINITY : fromTimestamp(range.to),
  };
}

function machineOf(entry: IndexEntry): Machine {
  const { key, status, definition, labels, startMs, endMs, events, startedBy } = entry;
  return {
    reference: { ...key, task: "" },
    status,
    definition,
    events,
    labels: { ...labels },
    startTime: toTimestamp(startMs),
    endTime: endMs === 0 ? undefined : toTimestamp(endMs),
    parent: undefined,
    startedBy: startedBy.length === 0 ? undefined : Actor.decode(startedBy),
  };
}
