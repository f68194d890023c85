import { QuotaDroppedV1, QuotaKeptV1 } from "@tutti/contracts/session/v1";
import { since } from "../../index.ts";
import type { LedgerEvent } from "../state.ts";

export const quotaKept: LedgerEvent<QuotaKeptV1> = {
  type: "quota_kept",
  version: 1,
  codec: QuotaKeptV1,
  described: true,
  evolve(ledger, { quota, keepMs, cause }) {
    if (quota === undefined) return;
    const { quotas } = ledger;
    ledger.changes += 1;
    const before = quotas.get(quota.quotaId);
    quotas.set(quota.quotaId, { value: quota, ...since(keepMs, cause, before, ledger.changes) });
  },
};

export const quotaDropped: LedgerEvent<QuotaDroppedV1> = {
  type: "quota_dropped",
  version: 1,
  codec: QuotaDroppedV1,
  described: true,
  evolve(ledger, { quotaId }) {
    ledger.changes += 1;
    ledger.quotas.delete(quotaId);
  },
};
