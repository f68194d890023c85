/** Locks: acquired, renewed, released, set, removed, read. */
import type {
  ListDeadlocksReply,
  ListDeadlocksRequest,
  LockRenewal,
  LockRenewalReceipt,
  lockService,
  RenewLocksReply,
  RenewLocksRequest,
  ResolveDeadlockRequest,
} from "@tutti/contracts/session/v1";
import { spanOf } from "@tutti/host";
import { execute, orIfAbsent, placeOfToken, query, sizeOf, tokenOfPlace } from "@tutti/host/serving";
import { type CallContext, toTimestamp } from "@tutti/kernel";
import { breakHold, found, release, renew, resolveDeadlock, setPermits } from "@tutti/machine-lock";
import { atOwner, type Handlers } from "@tutti/mesh";
import { acquireLock } from "./acquiring.ts";
import { deadlocksKeyOf, keyOf, type LockDependencies, lockStatusOf } from "./dependencies.ts";
import { listLocks, watchLocks } from "./lists.ts";
import { deadlockOf, lockOf, waitersMax } from "./messages.ts";

export function lockHandlers(dependencies: LockDependencies): Handlers<typeof lockService> {
  const lockNamed = async (name: string, context: CallContext) => {
    const { namespace } = context;
    return lockOf(
      namespace,
      name,
      await lockStatusOf(dependencies, keyOf(namespace, name), waitersMax, context),
    );
  };
  return {
    acquireLock: async (request, context) => ({ grant: await acquireLock(dependencies, request, context) }),
    renewLocks: (request, context) => renewLocks(dependencies, request, context),
    releaseLock: ({ name, holder, token }, context) =>
      execute(
        dependencies,
        keyOf(context.namespace, name),
        { command: release, body: { holder, token } },
        context,
      ),
    getLock: async ({ name }, context) => ({ lock: await lockNamed(name, context) }),
    listLocks: (request, context) => listLocks(dependencies, request, context),
    watchLocks: (request, context) => watchLocks(dependencies, request, context),
    async setLock({ name, permits, reason }, context) {
      const call = { command: setPermits, body: { permits }, reason };
      await execute(dependencies, keyOf(context.namespace, name), call, context);
      return { lock: await lockNamed(name, context) };
    },
    breakLock: ({ name, holder, reason }, context) =>
      execute(
        dependencies,
        keyOf(context.namespace, name),
        { command: breakHold, body: { holder, reason }, reason },
        context,
      ),
    listDeadlocks: (request, context) => listDeadlocks(dependencies, request, context),
    resolveDeadlock: (request, context) => resolve(dependencies, request, context),
  };
}

async function renewLocks(
  dependencies: LockDependencies,
  { renewals }: RenewLocksRequest,
  context: CallContext,
): Promise<RenewLocksReply> {
  return { receipts: await Promise.all(renewals.map((renewal) => renewOne(dependencies, renewal, context))) };
}

/** Renews one lease. A lock of another owner is forwarded. */
async function renewOne(
  dependencies: LockDependencies,
  renewal: LockRenewal,
  context: CallContext,
): Promise<LockRenewalReceipt> {
  const { name, holder, token, leaseMs } = renewal;
  const { namespace } = context;
  return atOwner(
    async () => {
      const call = { command: renew, body: { holder, token, leaseMs }, idempotencyKey: "" };
      const { dueMs } = await execute(dependencies, keyOf(namespace, name), call, context);
      return { name, expireTime: dueMs === 0 ? undefined : toTimestamp(dueMs) };
    },
    async (owner) => {
      const request = { namespace, renewals: [renewal] };
      const { receipts } = await dependencies.locks.renewLocks(request, { context, owner });
      return receipts[0] ?? { name, expireTime: undefined };
    },
  );
}

async function listDeadlocks(
  dependencies: LockDependencies,
  { found: span, page }: ListDeadlocksRequest,
  context: CallContext,
): Promise<ListDeadlocksReply> {
  const { from, to } = spanOf(span);
  const call = { query: found, body: { fromMs: from, toMs: to } };
  const all = await orIfAbsent(query(dependencies, deadlocksKeyOf(context.namespace), call, context), []);
  const offset = placeOfToken(page?.token ?? "");
  const size = sizeOf(page);
  return {
    deadlocks: all.slice(offset, offset + size).map(deadlockOf),
    page: { nextToken: all.length > offset + size ? tokenOfPlace(offset + size) : "", total: undefined },
  };
}

function resolve(
  dependencies: LockDependencies,
  { circle, ticket, reason }: ResolveDeadlockRequest,
  context: CallContext,
) {
  const { namespace } = context;
  const edges = circle.map((edge, place) => ({ ...edge, namespace, ticket: place === 0 ? ticket : 0 }));
  const call = { command: resolveDeadlock, body: { circle: edges, reason }, reason, idempotencyKey: "" };
  return execute(dependencies, deadlocksKeyOf(namespace), call, context);
}
