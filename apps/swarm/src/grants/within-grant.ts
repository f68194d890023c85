/**
 * Compares the offering of an agent with the grant of its credential: by its key or token, and by the records
 * of governance. A caller without a credential, or with one without a grant, may offer anything.
 */
import type { Offering } from "@tutti/contracts/agent/v1";
import type { Principal } from "@tutti/kernel";
import { type GrantQuestion, grantFaults, type Offered } from "@tutti/policy";
import { swarmErrors } from "../errors.ts";

export const nothingOffered: Offered = { capabilities: [], slots: 1 };

export function offeredIn(offering: Offering | undefined): Offered {
  if (offering === undefined) return nothingOffered;
  return { capabilities: offering.capabilities.map(({ name }) => name), slots: offering.slots || 1 };
}

/** Throws and names each part that is not granted. `within`: the field of the message with the offering. */
export function requireGrant(principal: Principal, question: GrantQuestion, within = ""): void {
  const grant = principal.credential?.scope.agent;
  const faults = grant === undefined ? [] : grantFaults(grant, question);
  if (faults.length === 0) return;
  const listed = faults.slice(0, listedMax).map(({ found, granted }) => `${found} (granted: ${granted})`);
  const remaining = faults.length - listed.length;
  throw swarmErrors.notGranted(
    { found: `${listed.join(", ")}${remaining > 0 ? ` and ${remaining} more` : ""}` },
    {
      violations: faults.map(({ field, found, granted }) => ({
        field: `${within}${field}`,
        message: `expected a granted value (${granted}), got ${found}`,
      })),
    },
  );
}

const listedMax = 5;
