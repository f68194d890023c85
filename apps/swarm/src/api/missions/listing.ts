/** Lists and watches of missions, out of the index. */
import {
  type ListMissionsReply,
  type ListMissionsRequest,
  Mission,
  MissionFilter,
  type WatchMissionsReply,
  type WatchMissionsRequest,
} from "@tutti/contracts/swarm/v1";
import { conditionsOf, spanOf } from "@tutti/host";
import { changesOf, everything, type Named, sizeOf } from "@tutti/host/serving";
import type { IndexEntry, LabelCondition, Search } from "@tutti/journal";
import { type CallContext, toTimestamp } from "@tutti/kernel";
import { indexLabels } from "@tutti/machine-mission";
import type { MissionDesk } from "./desk.ts";

const pageMax = 1_000;
/** Pages of the index that one page of the reply may take. */
const pagesMax = 20;

export async function listMissions(
  desk: MissionDesk,
  { filter = MissionFilter.create(), oldestFirst, page }: ListMissionsRequest,
  context: CallContext,
): Promise<ListMissionsReply> {
  const size = sizeOf(page);
  const order = oldestFirst ? "started-ascending" : "started-descending";
  const missions: Mission[] = [];
  let cursor = page?.token ?? "";
  let indexedToMs = 0;
  // What the index cannot say is looked at entry by entry, so that a page may need several of the index's.
  for (let pages = 0; pages < pagesMax && missions.length < size; pages++) {
    const limit = size - missions.length;
    const search = { ...searchOf(filter, context.namespace), order, limit, cursor } as const;
    const found = await desk.archive.search(search);
    for (const entry of found.entries) if (fits(filter, entry)) missions.push(missionOf(entry));
    ({ cursor, indexedToMs } = found);
    if (cursor === "") break;
  }
  const indexedTo = toTimestamp(Math.floor(indexedToMs));
  return { missions, page: { nextToken: cursor, total: undefined }, indexedTo };
}

/** The newest thousand, then what changes among them and what comes. */
export async function* watchMissions(
  desk: MissionDesk,
  { filter = MissionFilter.create() }: WatchMissionsRequest,
  context: CallContext,
): AsyncGenerator<WatchMissionsReply, void> {
  let entries = new Map<string, IndexEntry>();
  const named: Named<Mission> = {
    async entries() {
      const search = {
        ...searchOf(filter, context.namespace),
        order: "started-descending",
        limit: pageMax,
        cursor: "",
      } as const;
      const found = await desk.archive.search(search);
      entries = new Map(found.entries.map((entry) => [entry.key.id, entry]));
      return new Map(found.entries.map(({ key, events }) => [key.id, events]));
    },
    find(id) {
      const entry = entries.get(id);
      return Promise.resolve(entry !== undefined && fits(filter, entry) ? missionOf(entry) : undefined);
    },
  };
  for await (const { changed, removed, live } of changesOf(named, desk.foundation, context.signal))
    yield { missions: changed, removedIds: removed, live, cursor: "" };
}

function searchOf(filter: MissionFilter, namespace: string): Omit<Search, "limit" | "cursor"> {
  const { statuses, definitions, labels, created, ended, parent, rootsOnly, needsPerson } = filter;
  const conditions: LabelCondition[] = labels === undefined ? [] : conditionsOf(labels);
  if (parent !== undefined && parent.id !== "") {
    const values = [`${parent.kind}/${parent.id}`];
    conditions.push({ kind: "equals", name: indexLabels.parent, values });
  }
  if (rootsOnly) conditions.push({ kind: "absent", name: indexLabels.parent });
  if (needsPerson) conditions.push({ kind: "exists", name: indexLabels.person });
  return {
    ...{ ...everything, namespace, kinds: ["mission"], statuses, labels: conditions },
    definition: definitions.length === 1 ? (definitions[0] ?? "") : "",
    startedMs: spanOf(created),
    endedMs: ended === undefined ? undefined : spanOf(ended),
  };
}

/** What the index has no column for. */
function fits(
  { definitions, text, missionIds }: MissionFilter,
  { key, labels, definition }: IndexEntry,
): boolean {
  if (definitions.length > 1 && !definitions.includes(definition)) return false;
  if (missionIds.length > 0 && !missionIds.includes(key.id)) return false;
  const said = [key.id, ...Object.values(labels)].join("\n").toLowerCase();
  return said.includes(text.toLowerCase());
}

const own: ReadonlySet<string> = new Set(Object.values(indexLabels));

/** A mission as far as the index knows it. */
function missionOf({ key, status, definition, labels, startMs, endMs, events }: IndexEntry): Mission {
  const shown = Object.fromEntries(Object.entries(labels).filter(([name]) => !own.has(name)));
  const code = labels[indexLabels.errorCode];
  const parent = labels[indexLabels.parent];
  const slash = parent?.indexOf("/") ?? -1;
  return Mission.fromPartial({
    ...{ namespace: key.namespace, missionId: key.id, definition, status, eventCount: events },
    spec: { title: labels[indexLabels.title] ?? "", labels: shown },
    createTime: toTimestamp(startMs),
    ...(endMs > 0 && { endTime: toTimestamp(endMs) }),
    ...(code !== undefined && { outcome: { result: { $case: "failed", value: { code } } } as const }),
    ...(parent !== undefined && {
      parent: { namespace: key.namespace, kind: parent.slice(0, slash), id: parent.slice(slash + 1) },
    }),
    openApprovals: Number(labels[indexLabels.person] ?? 0),
  });
}
