import type { CounterCell, Metrics } from "@tutti/kernel";

/** What a subscription counts, bound to its label. */
export interface SubscriptionMetrics {
  readonly handled: CounterCell;
  readonly failed: CounterCell;
  readonly abandoned: CounterCell;
  readonly leftOut: CounterCell;
}

export function subscriptionMetrics(metrics: Metrics, label: string): SubscriptionMetrics {
  const labels = ["subscription"] as const;
  const cell = (name: string, help: string): CounterCell =>
    metrics.counter({ name: `tutti_bus_${name}_total`, help, labels }).with({ subscription: label });
  return {
    handled: cell("events_handled", "Events handled and acknowledged."),
    failed: cell("deliveries_failed", "Deliveries whose handler threw or took too long."),
    abandoned: cell("events_abandoned", "Events given up after their last delivery."),
    leftOut: cell("events_left_out", "Events that a live subscription lost by lagging."),
  };
}

export function publishedCounter(metrics: Metrics): CounterCell {
  const description = { name: "tutti_bus_events_published_total", help: "Events taken in by the bus." };
  return metrics.counter(description).with({});
}
