/** Snapshots of a ledger. */
import { LedgerSnapshotV1 } from "@tutti/contracts/session/v1";
import { type Ledger, newLedger, partKey } from "./state.ts";
import { dueMsOf } from "./timer.ts";

export const snapshot = { codec: LedgerSnapshotV1, of: snapshotOf, from: ledgerOf };

function snapshotOf({ changes, quotas, reservations, pools }: Ledger): LedgerSnapshotV1 {
  return {
    changes,
    quotas: [...quotas.values()].map(({ value: quota, ...kept }) => ({ quota, ...kept })),
    reservations: [...reservations.values()].map(({ value: reservation, createMs, cause, revision }) => ({
      reservation,
      createMs,
      cause,
      revision,
    })),
    pools: [...pools].map(([pool, { parts, dueMs }]) => ({ pool, parts: [...parts.values()], dueMs })),
  };
}

function ledgerOf({ changes, quotas, reservations, pools }: LedgerSnapshotV1): Ledger {
  const ledger = newLedger();
  ledger.changes = changes;
  for (const { quota: value, ...kept } of quotas)
    if (value !== undefined) ledger.quotas.set(value.quotaId, { value, ...kept });
  for (const { reservation: value, createMs, cause, revision } of reservations)
    if (value !== undefined)
      ledger.reservations.set(value.reservationId, {
        value,
        createMs,
        updateMs: createMs,
        createCause: cause,
        cause,
        revision,
      });
  for (const { pool, parts, dueMs } of pools)
    ledger.pools.set(pool, { parts: new Map(parts.map((part) => [partKey(part), part])), dueMs });
  ledger.dueMs = dueMsOf(ledger);
  return ledger;
}
