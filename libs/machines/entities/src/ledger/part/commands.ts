/**
 * Pools with tasks of the namespace request their parts of its quotas periodically.
 *
 * 1. The running work of all pools together never exceeds the limit of a quota: a part consists of amounts that no
 *    other pool holds. After a limit was lowered, nothing more starts until enough has ended.
 * 2. A single pool has the whole quota, so that it needs no request before each task. While another pool needs more,
 *    it has its fair part, and its use beyond that counts until the tasks have ended.
 * 3. A pool that does not repeat its request loses its parts when the lease expires.
 */

import {
  type Allotment,
  type AllotmentUse,
  ClaimParts,
  PartsClaimed,
  QuotaPart,
} from "@tutti/contracts/session/v1";
import { weightOf } from "../../index.ts";
import { refusals } from "../errors.ts";
import { leaseMs, noticeMs, poolsMax } from "../limits.ts";
import { type LedgerCommand, type LedgerView, partKey, poolOf, spanOf } from "../state.ts";
import { partsClaimed } from "./events.ts";

const usesBytesMax = 1_000_000;

export const claimParts: LedgerCommand<ClaimParts, PartsClaimed> = {
  type: "claim_parts",
  codec: ClaimParts,
  reply: PartsClaimed,
  decide(ledger, request, step) {
    const { pool, uses } = request;
    const problem = claimProblem(request);
    if (problem !== undefined) return refusals.invalid(problem);
    const holding = ledger.pools.get(pool);
    if (holding === undefined && ledger.pools.size >= poolsMax) return refusals.full("pool", poolsMax);
    const parts = partsOf(ledger, pool, uses);
    let dueMs = holding?.dueMs ?? 0;
    const isDue = parts.length > 0 && dueMs - step.nowMs < leaseMs / 2;
    if (isDue || !areAlike(parts, [...(holding?.parts.values() ?? [])])) {
      dueMs = parts.length === 0 ? 0 : step.nowMs + leaseMs;
      step.emit(partsClaimed, { pool, parts, dueMs });
    }
    return {
      allotments: parts.map((part) => allotmentOf(ledger, part)),
      reservations: [...ledger.reservations.values()].flatMap(({ value }) => {
        const { fromMs, toMs } = spanOf(value);
        const isNear = fromMs <= step.nowMs + noticeMs && toMs > step.nowMs;
        // Callers do not change it.
        return isNear && poolOf(value) === pool ? [value as PartsClaimed["reservations"][number]] : [];
      }),
      dueMs,
    };
  },
};

function claimProblem(request: ClaimParts): string | undefined {
  const { pool, uses } = request;
  if (pool === "" || pool.length > 200) return `expected a pool of 1 to 200 characters, got ${pool.length}`;
  if (weightOf(ClaimParts, request) > usesBytesMax) return `expected at most ${usesBytesMax} bytes`;
  const wrong = uses.find(
    ({ used, wanted }) => ![used, wanted].every((amount) => amount >= 0 && Number.isFinite(amount)),
  );
  return wrong && `expected amounts of 0 or more, got ${wrong.used} used and ${wrong.wanted} wanted`;
}

function partsOf(ledger: LedgerView, pool: string, uses: readonly AllotmentUse[]): QuotaPart[] {
  const byKey = new Map(uses.map((use) => [partKey(use), use]));
  const others = [...ledger.pools].filter(([name]) => name !== pool).map(([, holding]) => holding);
  const parts: QuotaPart[] = [];
  for (const { value } of ledger.quotas.values()) {
    const { quotaId, limits } = value;
    for (const [name, limit] of Object.entries(limits)) {
      const key = partKey({ quotaId, name });
      const { used = 0, wanted = 0 } = byKey.get(key) ?? {};
      const theirs = others.flatMap(({ parts: all }) => all.get(key) ?? []);
      const remaining = Math.max(0, limit - theirs.reduce((sum, { held }) => sum + held, 0));
      const isContended = theirs.some(({ isShort }) => isShort);
      const amount = isContended ? Math.min(remaining, fairPart(limit, used + wanted, theirs)) : remaining;
      parts.push(
        QuotaPart.create({
          quotaId,
          name,
          amount,
          held: Math.max(amount, used),
          isShort: used + wanted > amount,
        }),
      );
    }
  }
  return parts;
}

function allotmentOf({ quotas }: LedgerView, { quotaId, name, amount }: QuotaPart): Allotment {
  const { sessions, limits = {} } = quotas.get(quotaId)?.value ?? {};
  // Callers do not change it.
  return { quotaId, name, amount, sessions: sessions as Allotment["sessions"], limit: limits[name] ?? 0 };
}

function areAlike(ours: readonly QuotaPart[], theirs: readonly QuotaPart[]): boolean {
  return (
    ours.length === theirs.length &&
    ours.every((part, at) => {
      const { quotaId, name, amount, isShort, held } = theirs[at] ?? QuotaPart.create();
      return (
        part.quotaId === quotaId &&
        part.name === name &&
        part.amount === amount &&
        part.isShort === isShort &&
        part.held === held
      );
    })
  );
}

/**
 * Returns the fair part of one claimant with a demand, among claimants that demand more than they have. No
 * claimant gets more than its demand. The rest is divided evenly.
 */
export function fairPart(
  limit: number,
  wanted: number,
  others: readonly Pick<QuotaPart, "amount" | "isShort">[],
): number {
  const requests = others.map(({ amount, isShort }) => (isShort ? Number.POSITIVE_INFINITY : amount));
  let remaining = limit;
  let count = requests.length + 1;
  for (const requested of [...requests, wanted].sort((one, other) => one - other)) {
    const part = Math.min(requested, remaining / count);
    if (requested === wanted) return part;
    remaining -= part;
    count--;
  }
  return 0;
}
