import { LedgerSweptV1, PartsClaimedV1 } from "@tutti/contracts/session/v1";
import { type LedgerEvent, partKey, spanOf } from "../state.ts";
import { arm } from "../timer.ts";

export const partsClaimed: LedgerEvent<PartsClaimedV1> = {
  type: "parts_claimed",
  version: 1,
  codec: PartsClaimedV1,
  evolve(ledger, { pool, parts, dueMs }, outstanding) {
    if (parts.length === 0) ledger.pools.delete(pool);
    else ledger.pools.set(pool, { parts: new Map(parts.map((part) => [partKey(part), part])), dueMs });
    arm(ledger, outstanding);
  },
};

export const ledgerSwept: LedgerEvent<LedgerSweptV1> = {
  type: "ledger_swept",
  version: 1,
  codec: LedgerSweptV1,
  described: true,
  evolve(ledger, { untilMs }, outstanding) {
    for (const [pool, { dueMs }] of ledger.pools) if (dueMs <= untilMs) ledger.pools.delete(pool);
    for (const [id, { value }] of ledger.reservations)
      if (spanOf(value).toMs <= untilMs) ledger.reservations.delete(id);
    arm(ledger, outstanding);
  },
};
