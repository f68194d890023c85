/** Lists and watches missions by the index. */
import {
  type ListMissionsReply,
  type ListMissionsRequest,
  Mission,
  MissionFilter,
  type WatchMissionsReply,
  type WatchMissionsRequest,
} from "@tutti/contracts/swarm/v1";
import { type Lines, labelsOf, listLines, parentIn, watchLines } from "@tutti/host/serving";
import type { IndexEntry } from "@tutti/journal";
import { type CallContext, toTimestamp } from "@tutti/kernel";
import { budgetIn, countsIn, indexLabels } from "@tutti/machine-mission";
import type { MissionDependencies } from "./dependencies.ts";

const lines: Lines<MissionFilter, Mission> = {
  kind: "mission",
  labels: indexLabels,
  untold: new Set([
    indexLabels.person,
    indexLabels.answered,
    indexLabels.tasks,
    indexLabels.votes,
    indexLabels.budget,
    indexLabels.leader,
    indexLabels.trouble,
  ]),
  idsIn: ({ missionIds }) => missionIds,
  itemOf: missionOf,
};

export async function listMissions(
  dependencies: MissionDependencies,
  { filter = MissionFilter.create(), oldestFirst, page }: ListMissionsRequest,
  context: CallContext,
): Promise<ListMissionsReply> {
  const query = { filter, oldestFirst, page };
  const { items, nextToken, indexedTo } = await listLines(dependencies, lines, query, context);
  return { missions: items, page: { nextToken, total: undefined }, indexedTo };
}

export async function* watchMissions(
  dependencies: MissionDependencies,
  { filter = MissionFilter.create(), cursor }: WatchMissionsRequest,
  context: CallContext,
): AsyncGenerator<WatchMissionsReply, void> {
  const watched = { filter, about: MissionFilter.encode(filter).finish(), cursor };
  for await (const { changed, removed, ...place } of watchLines(dependencies, lines, watched, context))
    yield { missions: changed, removedIds: removed, ...place };
}

const own: ReadonlySet<string> = new Set(Object.values(indexLabels));

/** Returns a mission as the index knows it. */
function missionOf({ key, status, definition, labels, startMs, endMs, events }: IndexEntry): Mission {
  const code = labels[indexLabels.errorCode];
  return Mission.fromPartial({
    namespace: key.namespace,
    missionId: key.id,
    definition,
    status,
    eventCount: events,
    spec: { title: labels[indexLabels.title] ?? "", labels: labelsOf(labels, own) },
    createTime: toTimestamp(startMs),
    ...(endMs > 0 && { endTime: toTimestamp(endMs) }),
    ...(code !== undefined && { outcome: { result: { $case: "failed", value: { code } } } as const }),
    parent: parentIn(labels[indexLabels.parent], key.namespace),
    tasks: countsIn(labels[indexLabels.tasks]),
    budget: budgetIn(labels[indexLabels.budget]),
    leader: labels[indexLabels.leader] ?? "",
    openApprovals: Number(labels[indexLabels.person] ?? 0),
    openVotes: Number(labels[indexLabels.votes] ?? 0),
    trouble: labels[indexLabels.trouble] ?? "",
  });
}
