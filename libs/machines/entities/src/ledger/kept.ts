/** How a ledger stores items by id: quotas and reservations. */
import { LedgerChanged } from "@tutti/contracts/session/v1";
import type { Keeping } from "../kit/collection.ts";
import { since } from "../kit/kept.ts";
import { words } from "./errors.ts";
import { bytesMax, idLengthMax } from "./limits.ts";
import type { Ledger } from "./state.ts";

export const inLedger: Keeping<Ledger, LedgerChanged> & {
  readonly idLengthMax: number;
  readonly bytesMax: number;
} = {
  words,
  reply: LedgerChanged,
  idLengthMax,
  bytesMax,
  answer: (outcome) => ({ ...outcome }),
  changed(ledger, atMs, cause, before) {
    ledger.changes += 1;
    return since(atMs, cause, before, ledger.changes);
  },
};
