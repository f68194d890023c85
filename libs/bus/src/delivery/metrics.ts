import type { CounterCell, Metrics } from "@tutti/kernel";

/** Metrics of a subscription, bound to its label. */
export interface SubscriptionMetrics {
  readonly handled: CounterCell;
  readonly failed: CounterCell;
  readonly abandoned: CounterCell;
  readonly dropped: CounterCell;
}

export function subscriptionMetrics(metrics: Metrics, label: string): SubscriptionMetrics {
  const labels = ["subscription"] as const;
  const cell = (name: string, help: string): CounterCell =>
    metrics.counter({ name: `tutti_bus_${name}_total`, help, labels }).with({ subscription: label });
  return {
    handled: cell("events_handled", "Events handled and acknowledged."),
    failed: cell("deliveries_failed", "Deliveries whose handler failed or timed out."),
    abandoned: cell("events_abandoned", "Events dropped after their last delivery."),
    dropped: cell("events_left_out", "Events that a live subscription skipped because it was too slow."),
  };
}

export function publishedCounter(metrics: Metrics): CounterCell {
  const description = { name: "tutti_bus_events_published_total", help: "Events published to the bus." };
  return metrics.counter(description).with({});
}
