/** Messages of a limit to its holders and waiters. A machine that can hold limits has commands of these types. */
import { DeclineLimit, GrantLimit, type LimitHolder, WithdrawLimit } from "@tutti/contracts/workflow/v1";
import type { InstanceAddress, Message, ReadOnly, Refusal } from "@tutti/kernel";
import type { LimitStep } from "./state.ts";

export const grantLimit: Message<GrantLimit> = { type: "grant_limit", codec: GrantLimit };
export const declineLimit: Message<DeclineLimit> = { type: "decline_limit", codec: DeclineLimit };
export const withdrawLimit: Message<WithdrawLimit> = { type: "withdraw_limit", codec: WithdrawLimit };

interface Granted {
  readonly ticket: number;
  readonly holder: ReadOnly<LimitHolder>;
}

export function sendGrant(step: LimitStep, { ticket, holder }: Granted, leaseDueMs: number): void {
  const limit = step.key.id;
  step.send(addressOf(holder, step), grantLimit, { limit, task: holder.task, ticket, leaseDueMs });
}

/** @param retryAfterMs time after which a new request may succeed. 0 if it cannot */
export function sendDecline(
  step: LimitStep,
  holder: ReadOnly<LimitHolder>,
  { code, message }: Refusal,
  retryAfterMs = 0,
): void {
  const limit = step.key.id;
  step.send(addressOf(holder, step), declineLimit, { limit, task: holder.task, code, message, retryAfterMs });
}

export function sendWithdrawal(
  step: LimitStep,
  { ticket, holder }: Granted,
  { code, message }: Refusal,
): void {
  const limit = step.key.id;
  step.send(addressOf(holder, step), withdrawLimit, { limit, task: holder.task, ticket, code, message });
}

function addressOf({ service, kind, id }: ReadOnly<LimitHolder>, { key }: LimitStep): InstanceAddress {
  return { service, namespace: key.namespace, kind, id };
}
