import { busErrors } from "../errors.ts";
import { allNamespaces, checkedInterest, type Interest } from "../event/pattern.ts";
import { placeOf } from "../event/position.ts";
import type { Gap, Handle, Start, SubscribeOptions } from "../port.ts";

/** A subscription with all options resolved and checked. */
export interface ResolvedSubscription {
  readonly interest: Interest;
  /** Undefined: live. */
  readonly durable: string | undefined;
  readonly start: Start;
  readonly handle: Handle;
  readonly onGap: (gap: Gap) => void;
  readonly inOrder: "subject" | "all";
  readonly maxInFlight: number;
  readonly ackWaitMs: number;
  readonly maxDeliveries: number;
  readonly retryFirstMs: number;
  readonly retryMaxMs: number;
  readonly bufferMax: number;
  readonly label: string;
}

/** Letters, digits and dashes: the characters allowed in every name of a consumer. */
const durableForm = /^[a-z0-9][a-z0-9-]{0,62}$/;
const inFlightMost = 10_000;
const timeMsMost = 24 * 3_600_000;

export function resolveSubscription(options: SubscribeOptions): ResolvedSubscription {
  const { namespace = allNamespaces, pattern, durable, start = "new", handle, inOrder = "subject" } = options;
  const resolved: ResolvedSubscription = {
    interest: checkedInterest({ namespace, pattern }),
    durable,
    start,
    handle,
    onGap: options.onGap ?? (() => undefined),
    inOrder,
    // One at a time means one in hand, even if more would be allowed.
    maxInFlight: inOrder === "all" ? 1 : requireWhole("maxInFlight", options.maxInFlight ?? 64, inFlightMost),
    ackWaitMs: requireWhole("ackWaitMs", options.ackWaitMs ?? 30_000, timeMsMost),
    maxDeliveries: requireWhole("maxDeliveries", options.maxDeliveries ?? 10, 1_000_000),
    retryFirstMs: requireWhole("retryFirstMs", options.retryFirstMs ?? 200, timeMsMost),
    retryMaxMs: requireWhole("retryMaxMs", options.retryMaxMs ?? 30_000, timeMsMost),
    bufferMax: requireWhole("bufferMax", options.bufferMax ?? 1_024, 1_000_000),
    label: options.label ?? durable ?? "live",
  };
  if (durable !== undefined && !durableForm.test(durable)) {
    refuse("durable", "1 to 63 of a–z 0–9 -, beginning with a letter or digit", JSON.stringify(durable));
  }
  if ("batch" in handle) requireWhole("handle.batchMax", handle.batchMax, inFlightMost);
  if (typeof start === "object" && placeOf(start.after) === undefined) {
    refuse("start.after", "a position that an event was delivered with", JSON.stringify(start.after));
  }
  if (resolved.retryMaxMs < resolved.retryFirstMs) {
    refuse("retryMaxMs", `at least retryFirstMs (${resolved.retryFirstMs})`, String(resolved.retryMaxMs));
  }
  return resolved;
}

function requireWhole(option: string, value: number, most: number): number {
  if (!Number.isInteger(value) || value < 1 || value > most) {
    refuse(option, `a whole number from 1 to ${most}`, String(value));
  }
  return value;
}

function refuse(option: string, expected: string, found: string): never {
  throw busErrors.invalidSubscription({ option, expected, found });
}
