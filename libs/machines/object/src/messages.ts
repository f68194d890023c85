/** Messages of an object to runs: the same as those of limits to their holders. */
import { DeclineLimit, GrantLimit, type LimitHolder } from "@tutti/contracts/workflow/v1";
import type { InstanceAddress, Message, ReadOnly, Refusal } from "@tutti/kernel";
import { type ObjectStep, type ObjectView, stateOf } from "./state.ts";

const grantLimit: Message<GrantLimit> = { type: "grant_limit", codec: GrantLimit };
const declineLimit: Message<DeclineLimit> = { type: "decline_limit", codec: DeclineLimit };

export function sendGrant(
  step: ObjectStep,
  holder: ReadOnly<LimitHolder>,
  ticket: number,
  object: ObjectView,
): void {
  const state = stateOf(object);
  step.send(addressOf(holder, step), grantLimit, {
    limit: limitOf(step),
    task: "",
    ticket,
    leaseDueMs: 0,
    state,
  });
}

export function sendDecline(
  step: ObjectStep,
  holder: ReadOnly<LimitHolder>,
  { code, message }: Refusal,
  retryAfterMs: number,
): void {
  step.send(addressOf(holder, step), declineLimit, {
    limit: limitOf(step),
    task: "",
    code,
    message,
    retryAfterMs,
  });
}

/** Returns its name among the limits of a run. No id of a limit has a slash. */
function limitOf({ key }: ObjectStep): string {
  return `object/${key.id}`;
}

function addressOf({ service, kind, id }: ReadOnly<LimitHolder>, { key }: ObjectStep): InstanceAddress {
  return { service, namespace: key.namespace, kind, id };
}
