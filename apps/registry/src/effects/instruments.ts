import { RemovalCause } from "@tutti/contracts/registry/v1";
import type { CounterCell, GaugeCell, Metrics } from "@tutti/kernel";

export interface RegistrarInstruments {
  readonly instances: GaugeCell;
  readonly renewals: CounterCell;
  readonly watchers: GaugeCell;
  removed(cause: RemovalCause): void;
}

export function registrarInstruments(metrics: Metrics): RegistrarInstruments {
  const removals = metrics.counter({
    name: "tutti_registry_removals_total",
    help: "Removed instances by reason: goodbye or expired lease.",
    labels: ["cause"],
  });
  const deregistered = removals.with({ cause: "deregistered" });
  const expired = removals.with({ cause: "lease-expired" });
  return {
    instances: metrics.gauge({ name: "tutti_registry_instances", help: "Registered instances." }).with({}),
    renewals: metrics.counter({ name: "tutti_registry_renewals_total", help: "Renewed leases." }).with({}),
    watchers: metrics.gauge({ name: "tutti_registry_watchers", help: "Open watches." }).with({}),
    removed: (cause) => (cause === RemovalCause.REMOVAL_CAUSE_LEASE_EXPIRED ? expired : deregistered).add(),
  };
}
