import type { CounterCell, GaugeCell, Metrics } from "@tutti/kernel";

export interface OfferInstruments {
  readonly streams: GaugeCell;
  readonly results: CounterCell;
}

export function offerInstruments(metrics: Metrics): OfferInstruments {
  return {
    streams: metrics
      .gauge({ name: "tutti_swarm_offer_streams", help: "Open streams that offer tasks." })
      .with({}),
    results: metrics
      .counter({ name: "tutti_swarm_results_total", help: "Results reported to the senders of tasks." })
      .with({}),
  };
}
