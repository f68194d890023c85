/** Times of the last use of keys and tokens: to the minute, reported in batches. */
import { NoteUses, TenantChanged, UsesNotedV1 } from "@tutti/contracts/governance/v1";
import { fromTimestamp, toTimestamp } from "@tutti/kernel";
import { refusals } from "../errors.ts";
import { nothing } from "../kept/keeper.ts";
import type { TenantCommand, TenantEvent, TenantView } from "../state.ts";

const usesMax = 10_000;
const addressLengthMax = 200;
const minuteMs = 60_000;

export const usesNoted: TenantEvent<UsesNotedV1> = {
  type: "uses_noted",
  version: 1,
  codec: UsesNotedV1,
  evolve(tenant, { uses }) {
    for (const { credentialId, useMs, address } of uses) {
      const lastUse = { useTime: toTimestamp(useMs), useAddress: address };
      const key = tenant.keys.get(credentialId);
      if (key !== undefined) tenant.keys.set(credentialId, { ...key, key: { ...key.key, ...lastUse } });
      const token = tenant.tokens.get(credentialId);
      if (token !== undefined)
        tenant.tokens.set(credentialId, { ...token, token: { ...token.token, ...lastUse } });
    }
  },
};

export const noteUses: TenantCommand<NoteUses, TenantChanged> = {
  type: "note_uses",
  codec: NoteUses,
  reply: TenantChanged,
  decide(tenant, { uses }, step) {
    if (uses.length > usesMax)
      return refusals.invalid(`expected at most ${usesMax} uses, got ${uses.length}`);
    const newUses = uses
      .map(({ credentialId, useMs, address }) => ({
        credentialId,
        address: address.slice(0, addressLengthMax),
        useMs: Math.floor(Math.min(useMs, step.nowMs) / minuteMs) * minuteMs,
      }))
      .filter(({ credentialId, useMs }) => useMs > lastUse(tenant, credentialId));
    if (newUses.length > 0) step.emit(usesNoted, { uses: newUses });
    return { ...nothing, revision: tenant.changes };
  },
};

/** Returns the time of the last use. Infinity if the key or token does not exist. */
function lastUse({ keys, tokens }: TenantView, id: string): number {
  const found = keys.get(id)?.key ?? tokens.get(id)?.token;
  if (found === undefined) return Number.POSITIVE_INFINITY;
  return found.useTime === undefined ? 0 : fromTimestamp(found.useTime);
}
