/**
 * Requests the parts of quotas for the pools of this process, and the reservations in these pools,
 * periodically.
 *
 * 1. A pool asks when it is opened. Then it asks every second if it was granted something, every three
 *    seconds if not: for its own namespace, and for the namespaces of the tasks that senders have.
 * 2. A pool assigns nothing before it knows the quotas of its own namespace, if a service can report them,
 *    and waits at most ten seconds. The reason: running tasks under a quota still count after a restart of
 *    this process.
 * 3. Without an answer a pool keeps its parts until their lease expires. Then nothing more starts under these
 *    quotas. Without an earlier grant nothing is held back.
 */
import { type ClaimAllotmentsReply, resourceService } from "@tutti/contracts/session/v1";
import type { HostContext } from "@tutti/host";
import { type Component, type Foundation, fromTimestamp, type Timer } from "@tutti/kernel";
import type { Pool } from "@tutti/matching";
import type { Client } from "@tutti/mesh";
import type { PoolDirectory } from "../pools/pool-directory.ts";
import type { PoolTime } from "../pools/pool-time.ts";
import type { Tenant } from "../pools/tenant.ts";

export interface ClaimingParts {
  readonly pools: PoolDirectory;
  readonly resources: Pick<Client<typeof resourceService>, "claimAllotments">;
  /** Returns whether a service could answer. */
  readonly isServed: () => boolean;
  readonly foundation: Pick<Foundation, "timers" | "clock" | "logger">;
  readonly now: PoolTime;
}

const everyMs = 1_000;
/** Interval of requests for namespaces without quotas or reservations. */
const emptyEveryMs = 3_000;
const timeoutMs = 5_000;
/** How long a new pool waits for the first answer at most. */
const firstAnswerMs = 10_000;

/** The last reply to a pool for a namespace. */
interface LastReply {
  readonly reply: ClaimAllotmentsReply;
  /** By the monotonic clock. */
  readonly dueMs: number;
}

export class Claiming implements Component {
  readonly #parts: ClaimingParts;
  readonly #replies = new Map<Pool, Map<string, LastReply>>();
  readonly #requesting = new Set<string>();
  /** Time of the last request without a result, by namespace. */
  readonly #empty = new WeakMap<Pool, Map<string, number>>();
  /** Pools that assign nothing yet, with the timers that end this. */
  readonly #waiting = new Map<Pool, { readonly tenant: Tenant; readonly timer: Timer }>();
  readonly #started = new WeakSet<Pool>();
  readonly #ended = new AbortController();
  #stops: (() => void)[] = [];

  constructor(parts: ClaimingParts) {
    this.#parts = parts;
  }

  start(): void {
    const { pools, foundation } = this.#parts;
    const timer = foundation.timers.every(everyMs, () => this.#refresh());
    this.#stops = [
      () => timer.cancel(),
      pools.onTenant((tenant) => this.#start(tenant)),
      pools.onReleased((pool) => this.#remove(pool)),
    ];
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    for (const { timer } of this.#waiting.values()) timer.cancel();
    this.#ended.abort();
  }

  /** Starts requests for a pool that was opened or reconfigured. */
  #start(tenant: Tenant): void {
    const { pool } = tenant;
    if (!this.#started.has(pool) && this.#parts.isServed()) this.#awaitReply(tenant);
    this.#started.add(pool);
    void this.#claim(pool, pool.namespace);
  }

  #awaitReply(tenant: Tenant): void {
    const { foundation, now } = this.#parts;
    const { pool } = tenant;
    tenant.await("allotments", now());
    const timer = foundation.timers.after(firstAnswerMs, () => {
      const { namespace, name } = pool;
      foundation.logger.warn("pool continues without quotas: none received in time", {
        namespace,
        pool: name,
        waitedMs: firstAnswerMs,
      });
      this.#release(pool);
    });
    this.#waiting.set(pool, { tenant, timer });
  }

  #release(pool: Pool): void {
    const waiting = this.#waiting.get(pool);
    if (waiting === undefined) return;
    const { pools, now } = this.#parts;
    waiting.timer.cancel();
    this.#waiting.delete(pool);
    waiting.tenant.arrived("allotments", now());
    pools.turns.schedule(pool);
  }

  #remove(pool: Pool): void {
    this.#replies.delete(pool);
    this.#waiting.get(pool)?.timer.cancel();
    this.#waiting.delete(pool);
  }

  #refresh(): void {
    for (const pool of this.#parts.pools.all) {
      const replies = this.#replies.get(pool);
      const namespaces = new Set([pool.namespace, ...pool.namespaces, ...(replies?.keys() ?? [])]);
      for (const namespace of namespaces) {
        const last = replies?.get(namespace);
        if (last !== undefined) this.#apply(pool, namespace, last);
        else if (!this.#waiting.has(pool) && !this.#isDue(pool, namespace)) continue;
        void this.#claim(pool, namespace);
      }
    }
  }

  #isDue(pool: Pool, namespace: string): boolean {
    const nowMs = this.#parts.foundation.clock.monotonic();
    const emptyClaims = this.#empty.get(pool) ?? new Map<string, number>();
    this.#empty.set(pool, emptyClaims);
    if (nowMs - (emptyClaims.get(namespace) ?? Number.NEGATIVE_INFINITY) < emptyEveryMs) return false;
    emptyClaims.set(namespace, nowMs);
    return true;
  }

  async #claim(pool: Pool, namespace: string): Promise<void> {
    const { resources, foundation } = this.#parts;
    const { clock, logger } = foundation;
    const name = pool.namespace === namespace ? pool.name : `${pool.namespace}/${pool.name}`;
    const key = `${namespace} ${pool.namespace}/${pool.name}`;
    if (this.#requesting.has(key)) return;
    this.#requesting.add(key);
    // The lease counts from before the request.
    const requestedMs = clock.monotonic();
    try {
      const reply = await resources.claimAllotments(
        { namespace, pool: name, uses: [...pool.allotted(namespace)] },
        { signal: this.#ended.signal, timeoutMs },
      );
      if (this.#parts.pools.find(pool.namespace, pool.name) !== pool) return;
      this.#accept(pool, namespace, { reply, dueMs: requestedMs + reply.leaseMs });
    } catch (error) {
      if (!this.#ended.signal.aborted)
        logger.debug("failed to request quota shares, retrying", { error, key });
    } finally {
      this.#requesting.delete(key);
    }
  }

  #accept(pool: Pool, namespace: string, last: LastReply): void {
    const all = this.#replies.get(pool) ?? new Map<string, LastReply>();
    const { allotments, reservations } = last.reply;
    // A namespace without a grant is asked about as long as it has tasks here.
    if (allotments.length + reservations.length === 0) all.delete(namespace);
    else all.set(namespace, last);
    this.#replies.set(pool, all);
    this.#apply(pool, namespace, last);
    if (namespace === pool.namespace) this.#release(pool);
  }

  /** Applies the reply at the present time: reservations start and end, and leases expire. */
  #apply(pool: Pool, namespace: string, { reply, dueMs }: LastReply): void {
    const { pools, now, foundation } = this.#parts;
    const nowMs = foundation.clock.now();
    const isOver = foundation.clock.monotonic() >= dueMs;
    const parts = reply.allotments.map(({ quotaId, name, amount, limit, sessions }) => ({
      quotaId,
      name,
      limit,
      sessions,
      amount: isOver ? 0 : amount,
    }));
    const reservations = reply.reservations.flatMap(({ reservationId, amounts, agents, sessions, span }) => {
      const fromMs = span?.from === undefined ? 0 : fromTimestamp(span.from);
      const toMs = span?.to === undefined ? 0 : fromTimestamp(span.to);
      return fromMs <= nowMs && toMs > nowMs ? [{ reservationId, amounts, agents, sessions, toMs }] : [];
    });
    pool.allot(namespace, { parts, reservations }, now());
    pools.turns.schedule(pool);
  }
}

/** Returns the component that requests parts of quotas for the pools of this process. */
export function wireAllotments(
  { mesh, foundation }: Pick<HostContext, "mesh" | "foundation">,
  { pools, now }: Pick<ClaimingParts, "pools" | "now">,
): Claiming {
  return new Claiming({
    pools,
    now,
    foundation,
    resources: mesh.client(resourceService),
    isServed: () => mesh.knows("master"),
  });
}
