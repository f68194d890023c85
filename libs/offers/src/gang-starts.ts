/**
 * Starts gangs with members in several pools. Each pool knows its own members. All attempts of a work are
 * sent from here, so only this place knows all members of a gang.
 *
 * 1. Pools hold places for a gang only while all of its members wait, and each pool has room for its own.
 * 2. If each member has a place, all pools reserve these. If all are reserved, all pools start their members.
 * 3. If a member waits while others run, or fails before all have started, the running ones are taken back,
 *    in each pool. Then all members wait again.
 * 4. A pool that has an order gets no other one before it reports the result: earlier reports describe the
 *    state before the order.
 * 5. Nothing here is durable: after a restart, or on another process, the reports of the pools state where
 *    each member is.
 */
import { GangAct, type GangOrder, type GangState } from "@tutti/contracts/swarm/v1";
import type { OfferEntry } from "./entry.ts";

/** A pool with members of a gang. */
export interface GangPool {
  orderGang(order: GangOrder): void;
}

const { GANG_ACT_REST, GANG_ACT_SEEK, GANG_ACT_RESERVE } = GangAct;
const { GANG_ACT_START, GANG_ACT_TAKE_BACK, GANG_ACT_GO } = GangAct;

/** The members in one pool. */
interface Part {
  readonly pool: GangPool;
  readonly entries: Set<OfferEntry>;
  /** The last report on this stream. */
  state: GangState | undefined;
  /** The last order, and its number until a report has answered it. 0 after that. */
  act: GangAct;
  pending: number;
}

class Gang {
  readonly parts = new Map<GangPool, Part>();
  /** Members in all pools that have not ended, by the newest offer. */
  size = 0;
  /** True once all have started. */
  hasStarted = false;
  /** True while some are being taken back. */
  isBroken = false;
}

/** Returns whether an entry belongs to a gang with members in other pools. */
export function isSpread({ effect }: OfferEntry): boolean {
  return effect.gang !== undefined && effect.gang.elsewhere > 0;
}

export class GangStarts {
  readonly #gangs = new Map<string, Gang>();
  #ordered = 0;

  offered(pool: GangPool, entry: OfferEntry): void {
    const { gang: offered } = entry.effect;
    if (offered === undefined) return;
    const key = keyOf(entry);
    const gang = this.#gangs.get(key) ?? new Gang();
    this.#gangs.set(key, gang);
    gang.size = offered.size + offered.elsewhere;
    const part = gang.parts.get(pool) ?? {
      pool,
      entries: new Set(),
      state: undefined,
      act: GANG_ACT_REST,
      pending: 0,
    };
    gang.parts.set(pool, part);
    part.entries.add(entry);
  }

  /** Removes an entry that has left the pool for good. */
  removed(pool: GangPool, entry: OfferEntry): void {
    const key = keyOf(entry);
    const gang = this.#gangs.get(key);
    const part = gang?.parts.get(pool);
    if (gang === undefined || part?.entries.delete(entry) !== true || part.entries.size > 0) return;
    gang.parts.delete(pool);
    if (gang.parts.size === 0) this.#gangs.delete(key);
    else this.#decide(gang);
  }

  /** Records the end of an attempt. `isDone`: the member needs no other attempt. */
  recordEnd(pool: GangPool, entry: OfferEntry, isDone: boolean): void {
    const gang = this.#gangs.get(keyOf(entry));
    if (gang === undefined) return;
    const part = gang.parts.get(pool);
    if (isDone) gang.size--;
    else gang.isBroken ||= !gang.hasStarted;
    // Unknown until the next report, if the pool has any member left.
    if (part?.entries.size === 1) part.state = undefined;
    this.#decide(gang);
  }

  reported(pool: GangPool, entry: OfferEntry, state: GangState): void {
    const gang = this.#gangs.get(keyOf(entry));
    const part = gang?.parts.get(pool);
    if (gang === undefined || part === undefined) return;
    part.state = state;
    if (part.pending === state.order) part.pending = 0;
    if (gang.hasStarted) this.#orderAll([part], GANG_ACT_GO);
    else this.#decide(gang);
  }

  /** Resets the members in a pool that has a new stream, and has not reported on it. */
  reopened(pool: GangPool): void {
    for (const { parts } of this.#gangs.values()) {
      const part = parts.get(pool);
      if (part === undefined) continue;
      part.state = undefined;
      part.pending = 0;
      part.act = GANG_ACT_REST;
    }
  }

  #decide(gang: Gang): void {
    if (gang.hasStarted) return;
    const parts = [...gang.parts.values()].filter(
      ({ state, pending }) => state !== undefined && pending === 0,
    );
    const sumOf = (countOf: (state: GangState) => number) =>
      parts.reduce((sum, { state }) => sum + (state === undefined ? 0 : countOf(state)), 0);
    const waiting = sumOf((state) => state.waiting);
    const running = sumOf((state) => state.running);
    const isKnown = parts.length === gang.parts.size;
    if (isKnown && running === 0) gang.isBroken = false;
    const isHere = isKnown && waiting + running >= gang.size;
    if (isHere && !gang.isBroken && running > 0) {
      const isLate = parts.every(({ state }) => state?.waiting === 0 || state?.late === true);
      gang.hasStarted = waiting === 0 ? sumOf((state) => state.started) === running : isLate;
      if (gang.hasStarted) this.#orderAll(parts, GANG_ACT_GO);
      gang.isBroken = !isLate;
    }
    if (gang.isBroken) {
      const torn = parts.filter(({ state, act }) => (state?.running ?? 0) > 0 && act !== GANG_ACT_TAKE_BACK);
      this.#orderAll(torn, GANG_ACT_TAKE_BACK);
    } else if (isKnown && running === 0) this.#gather(parts, isHere);
  }

  /** Starts the search for places. No member runs. */
  #gather(parts: readonly Part[], isHere: boolean): void {
    const isPossible = isHere && parts.every(({ state }) => state?.possible === true);
    if (!isPossible) {
      this.#orderAll(
        parts.filter(({ act }) => act !== GANG_ACT_REST),
        GANG_ACT_REST,
      );
      return;
    }
    if (parts.every(({ state }) => state?.reserved === true)) this.#orderAll(parts, GANG_ACT_START);
    else if (parts.every(({ state }) => state?.fits === true))
      this.#orderAll(
        parts.filter(({ state }) => state?.reserved !== true),
        GANG_ACT_RESERVE,
      );
    else
      this.#orderAll(
        parts.filter(({ act }) => act !== GANG_ACT_SEEK && act !== GANG_ACT_RESERVE),
        GANG_ACT_SEEK,
      );
  }

  #orderAll(parts: readonly Part[], act: GangAct): void {
    for (const part of parts) {
      const [entry] = part.entries;
      if (entry === undefined) continue;
      part.pending = ++this.#ordered;
      part.act = act;
      part.pool.orderGang({ token: entry.bytes, number: part.pending, act });
    }
  }
}

function keyOf({ key, effect }: OfferEntry): string {
  return `${key.namespace}\n${key.id}\n${effect.gang?.name ?? ""}`;
}
