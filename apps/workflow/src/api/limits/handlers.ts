/** Limits that runs share: set, read, removed. */
import type { WorkReference } from "@tutti/contracts/types/v1";
import {
  type EvictHolderRequest,
  type Holder,
  Limit,
  type ListHoldersReply,
  type ListHoldersRequest,
  type ListLimitsReply,
  type ListLimitsRequest,
  type limitService,
  type SetLimitRequest,
} from "@tutti/contracts/workflow/v1";
import {
  allEntries,
  execute,
  type MachineDependencies,
  type Named,
  pageOf,
  placeOfToken,
  query,
  sizeOf,
  tokenOfPlace,
} from "@tutti/host/serving";
import { type CallContext, type InstanceKey, toTimestamp } from "@tutti/kernel";
import {
  evict as evictHolder,
  type LimitPlace,
  type LimitUsage,
  limitErrors,
  places,
  removeLimit,
  setLimit,
  usage,
} from "@tutti/machine-limit";
import type { Handlers } from "@tutti/mesh";
import { runtimeErrors } from "@tutti/runtime/errors";

const service = "workflow";

export function limitHandlers(dependencies: MachineDependencies): Handlers<typeof limitService> {
  return {
    setLimit: (request, context) => set(dependencies, request, context),
    getLimit: async ({ key }, context) => ({ limit: await limitNamed(dependencies, key, context) }),
    listLimits: (request, context) => list(dependencies, request, context),
    deleteLimit: ({ key, reason }, context) =>
      execute(
        dependencies,
        keyOf(context.namespace, key),
        { command: removeLimit, body: {}, reason },
        context,
      ),
    listHolders: (request, context) => listHolders(dependencies, request, context),
    evictHolder: (request, context) => evict(dependencies, request, context),
  };
}

function keyOf(namespace: string, key: string): InstanceKey {
  return { namespace, kind: "limit", id: key };
}

async function set(dependencies: MachineDependencies, request: SetLimitRequest, context: CallContext) {
  const { limit = Limit.create(), revision, reason } = request;
  const { key, name, maxConcurrent, rate, description, labels } = limit;
  const body = {
    rule: { maxConcurrent, rate },
    description,
    labels,
    revision: revision === "" ? 0 : Number(revision),
    ...(name !== undefined && { name }),
  };
  await execute(dependencies, keyOf(context.namespace, key), { command: setLimit, body, reason }, context);
  return { limit: await limitNamed(dependencies, key, context) };
}

async function limitNamed(
  dependencies: MachineDependencies,
  key: string,
  context: CallContext,
): Promise<Limit> {
  try {
    const found = await query(
      dependencies,
      keyOf(context.namespace, key),
      { query: usage, body: undefined },
      context,
    );
    return limitOf(context.namespace, key, found);
  } catch (error) {
    throw runtimeErrors.unknownInstance.is(error) ? limitErrors.missing({ id: key }) : error;
  }
}

function limitOf(namespace: string, key: string, found: LimitUsage): Limit {
  const { rule, isSet, name, description, labels, holdCount, waitingCount, longestWaitMs, updateMs } = found;
  return {
    namespace,
    key,
    ...(name !== undefined && { name }),
    description,
    longestWaitMs,
    labels: { ...labels },
    maxConcurrent: rule?.maxConcurrent ?? 0,
    rate: rule?.rate && { ...rule.rate },
    held: holdCount,
    waiting: waitingCount,
    updateTime: updateMs === 0 ? undefined : toTimestamp(updateMs),
    updateCause: undefined,
    // Only a limit that is set has one.
    revision: isSet ? String(found.revision) : "0",
  };
}

/** Reads keys from the index, and numbers from the limits themselves. */
async function list(
  dependencies: MachineDependencies,
  { prefix, contendedOnly, page }: ListLimitsRequest,
  context: CallContext,
): Promise<ListLimitsReply> {
  const { namespace } = context;
  const named: Named<Limit> = {
    async entries() {
      const entries = await allEntries(dependencies, { namespace, kinds: ["limit"], idPrefix: prefix });
      return new Map(entries.map((entry) => [entry.key.id, entry]));
    },
    async find(key) {
      try {
        const limit = await limitNamed(dependencies, key, context);
        return contendedOnly && limit.waiting === 0 ? undefined : limit;
      } catch (error) {
        // The index still has the keys of removed limits.
        if (limitErrors.missing.is(error)) return undefined;
        throw error;
      }
    },
  };
  const { items, nextToken } = await pageOf(named, page);
  return { limits: items, page: { nextToken } };
}

async function listHolders(
  dependencies: MachineDependencies,
  { key, page }: ListHoldersRequest,
  context: CallContext,
): Promise<ListHoldersReply> {
  const offset = placeOfToken(page?.token ?? "");
  const size = sizeOf(page);
  // One more than requested shows whether there is another page.
  const body = { offset, size: size + 1 };
  const found = await query(dependencies, keyOf(context.namespace, key), { query: places, body }, context);
  const holders = found.slice(0, size).map((place) => holderOf(context.namespace, place));
  return { holders, page: { nextToken: found.length > size ? tokenOfPlace(offset + size) : "" } };
}

function holderOf(namespace: string, { holder, startMs, leaseDueMs, place }: LimitPlace): Holder {
  const { kind, id, task } = holder;
  return {
    work: { namespace, kind, id, task },
    startTime: toTimestamp(startMs),
    leaseExpireTime: leaseDueMs === 0 ? undefined : toTimestamp(leaseDueMs),
    place,
  };
}

const noWork: WorkReference = { namespace: "", kind: "", id: "", task: "" };

function evict(
  dependencies: MachineDependencies,
  { key, work, reason }: EvictHolderRequest,
  context: CallContext,
) {
  const { kind, id, task } = work ?? noWork;
  const body = { holder: { service, kind: kind || "run", id, task }, reason };
  return execute(
    dependencies,
    keyOf(context.namespace, key),
    { command: evictHolder, body, reason },
    context,
  );
}
