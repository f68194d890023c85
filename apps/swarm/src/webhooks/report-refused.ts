/** Webhooks with a forbidden destination are recorded in the audit: when one is requested, and when one is called. */
import type { Guard } from "@tutti/host";
import { outgoingErrors } from "@tutti/host/outgoing";
import { type CallContext, errorFromUnknown, type TuttiError } from "@tutti/kernel";
import { scalingErrors } from "../scaling/errors.ts";

/** The receiver of refusals. Undefined in a process that enforces nothing. */
export type WebhookGuard = Pick<Guard, "refusedInside" | "refusedOf"> | undefined;

type GuardedAction =
  | "swarm.hooks.create"
  | "swarm.hooks.update"
  | "swarm.scalers.create"
  | "swarm.scalers.update";

/** Returns a listener that reports failed requests. */
export function checkAndReport(
  guard: WebhookGuard,
  context: CallContext,
  action: GuardedAction,
  check: () => void,
): void {
  try {
    check();
  } catch (thrown) {
    const error = errorFromUnknown(thrown);
    const isField = error.violations.some(({ field }) => field === urlField);
    if (isField || scalingErrors.webhookRefused.is(error)) guard?.refusedInside(error, context, action);
    throw thrown;
  }
}

/** Reports a blocked call. */
export function refusedCallReporter(
  guard: WebhookGuard,
  action: "swarm.hooks.call" | "swarm.scalers.call",
): (error: TuttiError, namespace: string) => void {
  return (error, namespace) => {
    if (outgoingErrors.refused.is(error))
      guard?.refusedOf({ error, actor: undefined, namespace, action, address: "" });
  };
}

const urlField = "hook.webhook.url";
