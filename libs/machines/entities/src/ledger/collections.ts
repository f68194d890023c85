/** How a ledger stores items by id: quotas and reservations. */
import { LedgerChanged } from "@tutti/contracts/session/v1";
import type { Storing } from "../kit/collection.ts";
import { since } from "../kit/stored.ts";
import { refusals } from "./errors.ts";
import { bytesMax, idLengthMax } from "./limits.ts";
import type { Ledger } from "./state.ts";

export const inLedger: Storing<Ledger, LedgerChanged> & {
  readonly idLengthMax: number;
  readonly bytesMax: number;
} = {
  refusals,
  reply: LedgerChanged,
  idLengthMax,
  bytesMax,
  toReply: (outcome) => ({ ...outcome }),
  changed(ledger, atMs, cause, before) {
    ledger.changes += 1;
    return since(atMs, cause, before, ledger.changes);
  },
};
