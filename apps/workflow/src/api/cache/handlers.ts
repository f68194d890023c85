/** Entries of the cache: listed, read, invalidated. */
import { WorkStatus } from "@tutti/contracts/types/v1";
import {
  CacheEntryInfo,
  CacheFilter,
  type CacheSnapshotV1,
  type cacheService,
  type InvalidateCacheRequest,
  type ListCacheEntriesReply,
  type ListCacheEntriesRequest,
} from "@tutti/contracts/workflow/v1";
import {
  allEntries,
  everything,
  execute,
  type MachineDependencies,
  query,
  sizeOf,
} from "@tutti/host/serving";
import type { IndexEntry, LabelCondition } from "@tutti/journal";
import { type CallContext, toTimestamp } from "@tutti/kernel";
import {
  bytesOf,
  cacheErrors,
  cacheLabel,
  evictableOf,
  forgetOutput,
  neededOf,
  showEntry,
  usageOf,
} from "@tutti/machine-entities/cache";
import type { Client, Handlers } from "@tutti/mesh";
import { runtimeErrors } from "@tutti/runtime/errors";

export interface CacheDependencies extends MachineDependencies {
  /** Entries of other owners. */
  readonly entries: Pick<Client<typeof cacheService>, "getCacheEntry" | "deleteCacheEntry">;
  readonly bytesMaxIn: (namespace: string) => number;
}

/** Maximum of concurrent calls. */
const togetherMax = 16;
const live = { kinds: ["cache"], statuses: [WorkStatus.WORK_STATUS_RUNNING] } as const;

export function cacheHandlers(dependencies: CacheDependencies): Handlers<typeof cacheService> {
  return {
    listCacheEntries: (request, context) => list(dependencies, request, context),
    getCacheEntry: async ({ entryId }, context) => ({
      entry: await entryNamed(dependencies, entryId, context),
    }),
    getCacheUsage: async (_request, { namespace }) => {
      const found = await allEntries(dependencies, { ...live, namespace });
      const outputs = found.map(({ key, labels }) => evictableOf(key.id, labels));
      const usage = usageOf(outputs.filter((output) => output !== undefined));
      return { ...usage, bytesMax: dependencies.bytesMaxIn(namespace) };
    },
    deleteCacheEntry: async ({ entryId, reason }, context) => {
      const order = { command: forgetOutput, body: { evictStoreMs: 0, unreadable: false }, reason };
      await execute(dependencies, keyOf(context.namespace, entryId), order, context);
      return {};
    },
    invalidateCache: async (request, context) => ({
      invalidated: await invalidate(dependencies, request, context),
    }),
  };
}

const keyOf = (namespace: string, id: string) => ({ namespace, kind: "cache", id });

async function list(
  { archive, entries: client }: CacheDependencies,
  { filter, page }: ListCacheEntriesRequest,
  context: CallContext,
): Promise<ListCacheEntriesReply> {
  const { namespace } = context;
  const { entries, cursor } = await archive.search({
    ...everything,
    ...live,
    namespace,
    labels: conditionsOf(filter),
    order: "started-descending",
    limit: sizeOf(page),
    cursor: page?.token ?? "",
  });
  const found = await Promise.all(
    entries
      .filter((entry) => matchesFilter(entry, filter))
      .map(async ({ key }) => {
        // It may have expired meanwhile.
        const reply = client.getCacheEntry({ namespace, entryId: key.id }, { context });
        const { entry } = await reply.catch(orMissing);
        return entry && { ...entry, output: undefined };
      }),
  );
  return { entries: found.filter((entry) => entry !== undefined), page: { nextToken: cursor } };
}

function orMissing(error: unknown): { readonly entry: undefined } {
  if (cacheErrors.missing.is(error)) return { entry: undefined };
  throw error;
}

async function entryNamed(
  dependencies: CacheDependencies,
  id: string,
  context: CallContext,
): Promise<CacheEntryInfo> {
  try {
    const key = keyOf(context.namespace, id);
    const entry = await query(dependencies, key, { query: showEntry, body: undefined }, context);
    if (entry.present || entry.computing !== undefined) return infoOf(key, entry);
  } catch (error) {
    if (!runtimeErrors.unknownInstance.is(error)) throw error;
  }
  throw cacheErrors.missing({ id });
}

function infoOf(
  { namespace, id }: { namespace: string; id: string },
  entry: CacheSnapshotV1,
): CacheEntryInfo {
  const { present, output, error, facts, dueMs, keepMs, storeMs } = entry;
  return CacheEntryInfo.fromPartial({
    entryId: id,
    namespace,
    present,
    bytes: bytesOf(entry),
    ...(output !== undefined && { output }),
    ...(error !== undefined && { error }),
    // The names are the same.
    ...facts,
    runId: entry.runId,
    taskId: entry.taskId,
    agent: entry.agent,
    computeMs: entry.computeMs,
    uses: entry.uses,
    waiting: entry.waiters.length,
    ...(entry.digest !== "" && { equalOutputs: entry.equal, neededOutputs: neededOf(entry) }),
    ...(entry.differMs > 0 && { differTime: toTimestamp(entry.differMs) }),
    computingRunId: entry.computing?.runId ?? "",
    ...(present && {
      storeTime: toTimestamp(storeMs),
      expireTime: toTimestamp(dueMs),
      ...(keepMs > dueMs && { staleUntilTime: toTimestamp(keepMs) }),
    }),
  });
}

/**
 * Invalidates entries and returns their number. Later tasks compute later entries, or they are found here.
 */
async function invalidate(
  dependencies: CacheDependencies,
  { filter, all, derived, reason }: InvalidateCacheRequest,
  context: CallContext,
): Promise<number> {
  const { namespace } = context;
  const requested = filter ?? CacheFilter.create();
  const isEmpty = Object.values(requested).every((value) => value === "");
  if (isEmpty && !all) throw cacheErrors.conditionWanted();
  const search = async (labels: readonly LabelCondition[]) =>
    await allEntries(dependencies, { ...live, namespace, labels });
  const found = (await search(conditionsOf(requested))).filter((entry) => matchesFilter(entry, requested));
  const ids = new Set(found.map(({ key }) => key.id));
  // Iterating a set includes values that are added during the iteration.
  if (derived)
    for (const id of ids)
      for (const { key } of await search([{ kind: "exists", name: cacheLabel.source(id) }])) ids.add(key.id);
  const rest = [...ids];
  while (rest.length > 0)
    await Promise.all(
      rest
        .splice(0, togetherMax)
        .map((entryId) => dependencies.entries.deleteCacheEntry({ namespace, entryId, reason }, { context })),
    );
  return ids.size;
}

function conditionsOf(filter: CacheFilter | undefined): readonly LabelCondition[] {
  const { tag = "", agent = "", runId = "" } = filter ?? {};
  return [
    ...(tag === "" ? [] : [{ kind: "exists", name: cacheLabel.tag(tag) } as const]),
    ...(agent === "" ? [] : [{ kind: "equals", name: cacheLabel.agent, values: [agent] } as const]),
    ...(runId === "" ? [] : [{ kind: "equals", name: cacheLabel.run, values: [runId] } as const]),
  ];
}

/** A capability without a version range means every range. */
function matchesFilter(
  { key, labels }: Pick<IndexEntry, "key" | "labels">,
  filter: CacheFilter | undefined,
): boolean {
  const { capability: expected = "", entryId = "" } = filter ?? {};
  if (entryId !== "" && key.id !== entryId) return false;
  const capability = labels[cacheLabel.capability] ?? "";
  return expected === "" || capability === expected || capability.startsWith(`${expected}@`);
}
