/** Outcomes that the runtime itself produces. */
import type { InstanceKey, Refusal, TuttiError } from "@tutti/kernel";
import type { Outcome } from "./api.ts";
import { runtimeErrors } from "./errors.ts";
import type { Instance } from "./partition/instance.ts";

export const ignored: Outcome = { kind: "ignored" };

export function refused(refusal: Refusal): Outcome {
  return { kind: "refused", refusal };
}

/** Returns a fault as the refusal of the one call that caused it. */
export function refusalOf(error: TuttiError): Refusal {
  const { code, status, message, retry, retryAfterMs, violations, details } = error;
  return { refused: true, code, status, message, retry, retryAfterMs, violations, details };
}

export function refusedAsQuarantined(instance: Instance): Outcome {
  const { kind, id } = instance.key;
  const { on = "", error } = instance.quarantine?.reason ?? {};
  return refused(runtimeErrors.quarantined.refusal({ kind, id, on, error: error?.message ?? "" }));
}

export function refusedAsRemoved({ kind, id }: InstanceKey, untilMs: number): Outcome {
  return refused(runtimeErrors.idTaken.refusal({ kind, id, until: new Date(untilMs).toISOString() }));
}

export function refusedAsUnknown({ kind, id }: InstanceKey): Outcome {
  return refused(runtimeErrors.unknownInstance.refusal({ kind, id }));
}
