import type { Clock, Metrics } from "@tutti/kernel";

export interface FrontInstruments {
  /** Returns an answer under way. Called when it is over, with its status. */
  begin(route: string): (status: number) => void;
}

/** By route and by the first digit of the status: `2xx`. */
export function frontInstruments(metrics: Metrics, clock: Clock): FrontInstruments {
  const requests = metrics.counter({
    name: "tutti_gateway_requests_total",
    help: "Requests by route and status class.",
    labels: ["route", "status"],
  });
  const seconds = metrics.histogram({
    name: "tutti_gateway_request_seconds",
    help: "Duration of requests until the answer by route. For streams, until they open.",
    labels: ["route"],
  });
  return {
    begin(route) {
      const startedMs = clock.monotonic();
      const duration = seconds.with({ route });
      return (status) => {
        requests.with({ route, status: `${Math.floor(status / 100)}xx` }).add();
        duration.observe((clock.monotonic() - startedMs) / 1000);
      };
    },
  };
}
