/**
 * The children of a work at every level, also in other services.
 *
 * 1. One search per service and level finds them. A run can start a mission whose tasks are runs.
 * 2. At most `levelsMax` levels and `worksMax` works are searched. A service names at most `pageMax` children per level.
 * 3. Another service that is away, or refuses the caller, has no children for this caller.
 */
import { ListSessionsRequest, type sessionService } from "@tutti/contracts/session/v1";
import { ListMissionsRequest, type missionService } from "@tutti/contracts/swarm/v1";
import type { WorkReference, WorkStatus } from "@tutti/contracts/types/v1";
import { ListRunsRequest, type runService } from "@tutti/contracts/workflow/v1";
import type { IndexEntry } from "@tutti/journal";
import { type CallContext, isTuttiError } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { everything } from "../machine-calls.ts";
import type { LookupDependencies } from "./lookups.ts";

export interface ChildrenFilter {
  /** Kinds and ids, as in labels: `run/order-1`. */
  readonly parents: readonly string[];
  readonly statuses: readonly WorkStatus[];
}

interface Child {
  readonly kind: string;
  readonly id: string;
  readonly parent: WorkReference | undefined;
}

/** Returns the children in another service. */
export type RemoteChildren = (filter: ChildrenFilter, context: CallContext) => Promise<readonly Child[]>;

/** Maximum number of works queried for their questions, in total. */
export const worksMax = 2_000;
const levelsMax = 16;
const pageMax = 1_000;
const labelLengthMax = 256;
const remoteMs = 2_000;
const hiddenStatuses = ["PERMISSION_DENIED", "UNAVAILABLE", "UNIMPLEMENTED", "DEADLINE_EXCEEDED"];

/** Returns a value as it is in labels. */
export function cut(value: string): string {
  return value.slice(0, labelLengthMax);
}

export interface ChildrenSearch {
  readonly kind: string;
  /** Name of the label with the kind and id of the parent. */
  readonly parent: string;
  readonly remote: readonly RemoteChildren[];
}

export interface Family {
  /** Kinds and ids of the roots and of all their children. */
  readonly names: readonly string[];
  /** The children of this service's kind. */
  readonly children: readonly IndexEntry[];
}

export async function familyOf(
  { archive }: Pick<LookupDependencies, "archive">,
  search: ChildrenSearch,
  { parents: roots, statuses }: ChildrenFilter,
  context: CallContext,
): Promise<Family> {
  const names = new Set(roots);
  const children: IndexEntry[] = [];
  let parents = roots;
  for (let level = 0; level < levelsMax && parents.length > 0 && names.size < worksMax; level++) {
    const filter = { parents, statuses };
    const [own, ...others] = await Promise.all([
      // The first search has waited for the index.
      ownChildren(archive, search, { ...filter, mayLag: level > 0 }, context.namespace),
      ...search.remote.map((list) => visibleChildren(list, filter, context)),
    ]);
    const found = [...own.map(({ key }) => `${key.kind}/${key.id}`), ...others.flat()];
    const added = new Set(found.filter((name) => !names.has(name)));
    children.push(...own.filter(({ key }) => added.has(`${key.kind}/${key.id}`)));
    for (const name of added) names.add(name);
    parents = [...added];
  }
  return { names: [...names], children };
}

async function ownChildren(
  archive: LookupDependencies["archive"],
  { kind, parent }: ChildrenSearch,
  { parents, statuses, mayLag }: ChildrenFilter & { readonly mayLag: boolean },
  namespace: string,
): Promise<readonly IndexEntry[]> {
  const found: IndexEntry[] = [];
  let cursor = "";
  do {
    const page = await archive.search({
      ...everything,
      namespace,
      kinds: [kind],
      statuses,
      labels: [{ kind: "equals", name: parent, values: parents.map(cut) }],
      cursor,
      mayLag,
      limit: pageMax,
      order: "started-ascending",
    });
    found.push(...page.entries);
    ({ cursor } = page);
  } while (cursor !== "" && found.length < worksMax);
  return found;
}

async function visibleChildren(
  list: RemoteChildren,
  { parents, statuses }: ChildrenFilter,
  context: CallContext,
): Promise<readonly string[]> {
  const named = new Set(parents.slice(0, pageMax));
  try {
    const children = await list({ parents: [...named], statuses }, context);
    // An earlier release does not know the filter.
    const isChild = ({ parent }: Child) => named.has(`${parent?.kind}/${parent?.id}`);
    return children.filter(isChild).map(({ kind, id }) => `${kind}/${id}`);
  } catch (error) {
    if (isTuttiError(error) && hiddenStatuses.includes(error.status)) return [];
    throw error;
  }
}

export const runChildren =
  (runs: Pick<Client<typeof runService>, "listRuns">): RemoteChildren =>
  async (filter, context) => {
    const request = ListRunsRequest.fromPartial(requestOf(filter, context));
    const { runs: found } = await runs.listRuns(request, { context, timeoutMs: remoteMs });
    return found.map(({ runId: id, parent }) => ({ kind: "run", id, parent }));
  };

export const missionChildren =
  (missions: Pick<Client<typeof missionService>, "listMissions">): RemoteChildren =>
  async (filter, context) => {
    const request = ListMissionsRequest.fromPartial(requestOf(filter, context));
    const { missions: found } = await missions.listMissions(request, { context, timeoutMs: remoteMs });
    return found.map(({ missionId: id, parent }) => ({ kind: "mission", id, parent }));
  };

export const sessionChildren =
  (sessions: Pick<Client<typeof sessionService>, "listSessions">): RemoteChildren =>
  async (filter, context) => {
    const request = ListSessionsRequest.fromPartial(requestOf(filter, context));
    const { sessions: found } = await sessions.listSessions(request, { context, timeoutMs: remoteMs });
    return found.map(({ sessionId: id, parent }) => ({ kind: "session", id, parent }));
  };

function requestOf({ parents, statuses }: ChildrenFilter, { namespace }: CallContext) {
  const filter = { parents: [...parents], statuses: [...statuses] };
  return { namespace, filter, page: { size: pageMax, token: "" } };
}
