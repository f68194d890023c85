/**
 * Quotas: replaced as a whole, and removed. A limit below the current use stops nothing: no more starts until there is
 * room.
 */
import {
  DropQuota,
  KeepQuota,
  type LedgerChanged,
  Quota,
  QuotaDroppedV1,
  QuotaKeptV1,
} from "@tutti/contracts/session/v1";
import { sorted } from "../../index.ts";
import {
  type Collection,
  removeCommand,
  removedEvent,
  storeCommand,
  storedEvent,
} from "../../kit/collection.ts";
import { inLedger } from "../collections.ts";
import { nameLengthMax, quotasMax } from "../limits.ts";
import type { Ledger } from "../state.ts";

const quotas: Collection<Ledger, Quota, LedgerChanged> = {
  ...inLedger,
  name: "quota",
  codec: Quota,
  max: quotasMax,
  of: (ledger) => ledger.quotas,
  idOf: ({ quotaId }) => quotaId,
  bare: ({ quotaId, sessions, limits, rates, weight, labels }) => ({
    ...Quota.create(),
    quotaId,
    limits: sorted(limits),
    rates,
    weight,
    labels: sorted(labels),
    sessions: sessions && { ...sessions, equals: sorted(sessions.equals) },
  }),
  problem: quotaProblem,
};

export const quotaKept = storedEvent(quotas, {
  type: "quota_kept",
  codec: QuotaKeptV1,
  valueOf: ({ quota }) => quota,
  atMs: ({ keepMs }) => keepMs,
});

export const quotaDropped = removedEvent(quotas, {
  type: "quota_dropped",
  codec: QuotaDroppedV1,
  idOf: ({ quotaId }) => quotaId,
});

export const keepQuota = storeCommand(quotas, {
  type: "keep_quota",
  codec: KeepQuota,
  event: quotaKept,
  requestOf: ({ quota: value, revision }) => ({ value, revision }),
  toEvent: (quota, keepMs, cause) => ({ quota, keepMs, cause }),
});

export const dropQuota = removeCommand(quotas, {
  type: "drop_quota",
  codec: DropQuota,
  event: quotaDropped,
  idOf: ({ quotaId }) => quotaId,
  toEvent: ({ quotaId }) => ({ quotaId }),
});

/** Contract fields without an implementation are refused, so that no caller relies on them. */
function quotaProblem({ quotaId, limits, rates, weight }: Quota): string | undefined {
  if (rates.length > 0)
    return `quota ${quotaId}: expected limits of concurrency, got rates, which are not supported yet`;
  if (weight !== 0 && weight !== 1)
    return `quota ${quotaId}: expected no weight, got ${weight}; weights are those of sessions, and of namespaces in their pool`;
  const amounts = Object.entries(limits);
  if (amounts.length === 0) return `quota ${quotaId}: expected limits, such as slots, got none`;
  for (const [name, amount] of amounts) {
    if (name === "sessions")
      return `quota ${quotaId}: expected slots or named resources, got sessions, whose number is not limited yet`;
    if (name === "" || name.length > nameLengthMax)
      return `quota ${quotaId}: expected names of 1 to ${nameLengthMax} characters, got ${name.length}`;
    if (!(amount >= 0 && Number.isFinite(amount)))
      return `quota ${quotaId}: expected ${name} of 0 or more, got ${amount}`;
  }
  return undefined;
}
