/** Quotas: kept whole, and taken away. Less than is in use takes nothing away: nothing more begins until there is room. */
import { DropQuota, KeepQuota, LedgerChanged, Quota } from "@tutti/contracts/session/v1";
import { isRefusal, type ReadOnly } from "@tutti/kernel";
import { decided, type KeptKind, sorted } from "../../index.ts";
import { words } from "../errors.ts";
import { bytesMax, idLengthMax, nameLengthMax, quotasMax } from "../limits.ts";
import type { Ledger, LedgerCommand } from "../state.ts";
import { quotaDropped, quotaKept } from "./events.ts";

const quotas: KeptKind<Quota> = {
  name: "quota",
  codec: Quota,
  max: quotasMax,
  idLengthMax,
  bytesMax,
  idOf: ({ quotaId }: ReadOnly<Quota>) => quotaId,
  bare: ({ quotaId, sessions, limits, rates, weight }) => ({
    ...Quota.create(),
    ...{ quotaId, limits: sorted(limits), rates, weight },
    sessions: sessions && { ...sessions, equals: sorted(sessions.equals) },
  }),
  problem: quotaProblem,
};

export const keepQuota: LedgerCommand<KeepQuota, LedgerChanged> = {
  type: "keep_quota",
  codec: KeepQuota,
  reply: LedgerChanged,
  decide(ledger, { quota, revision }, step) {
    // Only read: what is kept is made of it.
    const asked = { value: quota as Quota | undefined, revision };
    const found = decided(quotas, ledger.quotas as Ledger["quotas"], asked, words);
    if (isRefusal(found)) return found;
    if (found.kind === "same") return { revision: found.revision, existed: true, removed: false };
    const existed = ledger.quotas.has(found.id);
    step.emit(quotaKept, { quota: found.value, keepMs: step.nowMs, cause: step.cause });
    return { revision: ledger.changes, existed, removed: false };
  },
};

export const dropQuota: LedgerCommand<DropQuota, LedgerChanged> = {
  type: "drop_quota",
  codec: DropQuota,
  reply: LedgerChanged,
  decide(ledger, { quotaId }, step) {
    const existed = ledger.quotas.has(quotaId);
    if (existed) step.emit(quotaDropped, { quotaId });
    return { revision: ledger.changes, existed, removed: existed };
  },
};

/** What is said in the contract and not kept by anybody is refused, so that nobody relies on it. */
function quotaProblem({ quotaId, limits, rates, weight }: Quota): string | undefined {
  if (rates.length > 0)
    return `quota ${quotaId}: expected limits of what is at work at once, found rates, which are not kept yet`;
  if (weight !== 0 && weight !== 1)
    return `quota ${quotaId}: expected no weight, found ${weight}; weights are those of sessions, and of namespaces in their pool`;
  const amounts = Object.entries(limits);
  if (amounts.length === 0) return `quota ${quotaId}: expected limits, such as slots, found none`;
  for (const [name, amount] of amounts) {
    if (name === "sessions")
      return `quota ${quotaId}: expected slots or named resources, found sessions, whose number is not limited yet`;
    if (name === "" || name.length > nameLengthMax)
      return `quota ${quotaId}: expected names of 1 to ${nameLengthMax} characters, found ${name.length}`;
    if (!(amount >= 0 && Number.isFinite(amount)))
      return `quota ${quotaId}: expected ${name} of 0 or more, found ${amount}`;
  }
  return undefined;
}
