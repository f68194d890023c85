import { HealthState, Instance, Offer } from "@tutti/contracts/registry/v1";
import type { Moment } from "../src/directory/entry.ts";

/** Returns an offer written as `name@version`, or `namespace/name@version`. */
export function offer(text: string, money = 0): Offer {
  const [, namespace = "", name = "", version = ""] = /^(?:([^/]*)\/)?([^@]+)@(.+)$/.exec(text) ?? [];
  return Offer.fromPartial({ namespace, capability: { name, version, cost: { money } } });
}

export function instance(id: string, overrides: Partial<Instance> = {}): Instance {
  return Instance.fromPartial({ id, service: "workflow", address: "127.0.0.1:7401", ...overrides });
}

export const notReady = { state: HealthState.HEALTH_STATE_NOT_READY, reason: "the journal is away" };

export const at = (ms: number): Moment => ({ nowMs: 1_000_000 + ms, monotonicMs: ms });
