/** Lists and watches of locks. Names come from the index and from local events, states from their owners. */
import {
  type ListLocksReply,
  ListLocksRequest,
  type Lock,
  type WatchLocksReply,
  WatchLocksRequest,
} from "@tutti/contracts/session/v1";
import { type WorkReference, WorkStatus } from "@tutti/contracts/types/v1";
import { aboutOf, allEntries, changesOf, type Named, pageOf } from "@tutti/host/serving";
import type { LabelCondition } from "@tutti/journal";
import type { CallContext } from "@tutti/kernel";
import type { LockDependencies } from "./dependencies.ts";

export async function listLocks(
  dependencies: LockDependencies,
  request: ListLocksRequest,
  context: CallContext,
): Promise<ListLocksReply> {
  const { items, nextToken } = await pageOf(locksBy(dependencies, request, context), request.page);
  return { locks: items, page: { nextToken, total: undefined } };
}

export async function* watchLocks(
  dependencies: LockDependencies,
  { prefix, cursor }: WatchLocksRequest,
  context: CallContext,
): AsyncGenerator<WatchLocksReply, void> {
  const named = locksBy(dependencies, ListLocksRequest.create({ prefix }), context);
  const about = aboutOf(
    "lock",
    WatchLocksRequest.encode(WatchLocksRequest.create({ prefix })).finish(),
    context,
  );
  const watching = { cursor, ...about, memory: dependencies.watches };
  for await (const { changed, removed, ...place } of changesOf(
    named,
    watching,
    dependencies.foundation,
    context.signal,
  ))
    yield { locks: changed, removedNames: removed, ...place };
}

export const contended: LabelCondition = { kind: "not", name: "waiting", values: ["0"] };

const eventsMax = 1_000_000;

function locksBy(
  dependencies: LockDependencies,
  { prefix, contendedOnly, heldBy }: ListLocksRequest,
  context: CallContext,
): Named<Lock> {
  const { namespace } = context;
  return {
    async entries() {
      const entries = await allEntries(dependencies, {
        namespace,
        kinds: ["lock"],
        idPrefix: prefix,
        statuses: [WorkStatus.WORK_STATUS_RUNNING],
        labels: contendedOnly ? [contended] : [],
      });
      // A name restarts with each incarnation, and so does the number of its events.
      const found = new Map(
        entries.map(({ key, incarnation, events }) => [
          key.id,
          { events: -(incarnation * eventsMax + events) },
        ]),
      );
      // Recent local events are not in the index yet.
      for (const [name, change] of dependencies.waits.liveIn(namespace))
        if (name.startsWith(prefix)) found.set(name, { events: change });
      return found;
    },
    async find(name) {
      const { lock } = await dependencies.locks.getLock({ namespace, name }, { context });
      if (lock === undefined || (contendedOnly && lock.waiting === 0)) return undefined;
      const isLive = lock.permits > 1 || lock.grants.length > 0 || lock.waiting > 0;
      return isLive && (heldBy === undefined || isHeldBy(lock, heldBy)) ? lock : undefined;
    },
  };
}

function isHeldBy({ namespace, grants }: Lock, reference: WorkReference): boolean {
  const of = reference.namespace || namespace;
  return grants.some(
    ({ work }) =>
      work?.kind === reference.kind &&
      work.id === reference.id &&
      work.namespace === of &&
      (reference.task === "" || work.task === reference.task),
  );
}
