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
    help: "Instances that went, by how: good-bye, or a lease that ran out.",
    labels: ["cause"],
  });
  const deregistered = removals.with({ cause: "deregistered" });
  const expired = removals.with({ cause: "lease-expired" });
  return {
    instances: metrics
      .gauge({ name: "tutti_registry_instances", help: "Instances that are registered." })
      .with({}),
    renewals: metrics.counter({ name: "tutti_registry_renewals_total", help: "Leases prolonged." }).with({}),
    watchers: metrics.gauge({ name: "tutti_registry_watchers", help: "Watches that are open." }).with({}),
    removed: (cause) => (cause === RemovalCause.REMOVAL_CAUSE_LEASE_EXPIRED ? expired : deregistered).add(),
  };
}
