/** Lists and watches sessions by the index. */
import {
  type ListSessionsReply,
  type ListSessionsRequest,
  Session,
  SessionFilter,
  type WatchSessionsReply,
  type WatchSessionsRequest,
} from "@tutti/contracts/session/v1";
import { type Lines, labelsOf, listLines, parentIn, watchLines } from "@tutti/host/serving";
import type { IndexEntry } from "@tutti/journal";
import { type CallContext, toTimestamp } from "@tutti/kernel";
import { countsIn, indexLabels, modeName, modeNamed, usedIn } from "@tutti/machine-session";
import type { SessionDependencies } from "./dependencies.ts";

export const lines: Lines<SessionFilter, Session> = {
  kind: "session",
  labels: indexLabels,
  untold: new Set([
    indexLabels.person,
    indexLabels.mode,
    indexLabels.wantedMode,
    indexLabels.tasks,
    indexLabels.used,
  ]),
  idsIn: ({ sessionIds }) => sessionIds,
  conditions: ({ modes }) =>
    modes.length === 0
      ? []
      : [{ kind: "equals", name: indexLabels.mode, values: modes.map((mode) => modeName(mode)) }],
  itemOf: sessionOf,
};

export async function listSessions(
  dependencies: SessionDependencies,
  { filter = SessionFilter.create(), oldestFirst, page }: ListSessionsRequest,
  context: CallContext,
): Promise<ListSessionsReply> {
  const query = { filter, oldestFirst, page };
  const { items, nextToken, indexedTo } = await listLines(dependencies, lines, query, context);
  return { sessions: items, page: { nextToken, total: undefined }, indexedTo };
}

export async function* watchSessions(
  dependencies: SessionDependencies,
  { filter = SessionFilter.create(), cursor }: WatchSessionsRequest,
  context: CallContext,
): AsyncGenerator<WatchSessionsReply, void> {
  const watched = { filter, about: SessionFilter.encode(filter).finish(), cursor };
  for await (const { changed, removed, ...place } of watchLines(dependencies, lines, watched, context))
    yield { sessions: changed, removedIds: removed, ...place };
}

const own: ReadonlySet<string> = new Set(Object.values(indexLabels));

/** Returns a session as the index knows it. */
function sessionOf({ key, status, labels, startMs, endMs, events }: IndexEntry): Session {
  const code = labels[indexLabels.errorCode];
  return Session.fromPartial({
    namespace: key.namespace,
    sessionId: key.id,
    status,
    eventCount: events,
    spec: {
      title: labels[indexLabels.title] ?? "",
      mode: modeNamed(labels[indexLabels.wantedMode] ?? ""),
      labels: labelsOf(labels, own),
    },
    effectiveMode: modeNamed(labels[indexLabels.mode] ?? ""),
    createTime: toTimestamp(startMs),
    ...(endMs > 0 && { endTime: toTimestamp(endMs) }),
    ...(code !== undefined && { outcome: { result: { $case: "failed", value: { code } } } as const }),
    tasks: countsIn(labels[indexLabels.tasks]),
    used: usedIn(labels[indexLabels.used]),
    parent: parentIn(labels[indexLabels.parent], key.namespace),
    openApprovals: Number(labels[indexLabels.person] ?? 0),
  });
}
