/**
 * A source that starts runs of alerts of a Prometheus.
 *
 * 1. An alert starts one run between firing and resolution. The id of the run is derived from the labels and the second
 *    since which the condition holds. So processes with the same source start the same run.
 * 2. A source keeps no state. After a restart, it starts firing alerts again, and their runs already exist.
 */
import { createHash } from "node:crypto";
import { silentLogger, sleep, systemTimers } from "@tutti/kernel";
import { type OptionNames, requireKnown } from "../../options.ts";
import type { AdapterCall } from "../adapter.ts";
import type { HttpPorts } from "../http/http.ts";
import { type Caller, type Source, type SourceStart, sourceOf, startedBy } from "../source.ts";
import {
  connectionOptionNames,
  type PrometheusAlert,
  PrometheusApi,
  type PrometheusConnectionOptions,
} from "./prometheus.ts";

export interface PrometheusSourceOptions extends PrometheusConnectionOptions {
  /** Labels that an alert must have. Default: none. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly start: (alert: PrometheusAlert) => SourceStart;
  /** How often to look for alerts. Default: 15,000. */
  readonly pollMs?: number;
}

const pollMsDefault = 15_000;
const secondMs = 1_000;

const optionNames: OptionNames<PrometheusSourceOptions> = {
  ...connectionOptionNames,
  labels: true,
  start: true,
  pollMs: true,
};

/** Returns a source that starts runs of alerts. As an adapter it has the operation `status`. */
export function prometheusSource(options: PrometheusSourceOptions, ports: HttpPorts = {}): Source {
  requireKnown("prometheusSource", options, optionNames);
  const { name, labels = {}, pollMs = pollMsDefault, start } = options;
  const api = new PrometheusApi(options, ports);
  const firing = async ({ signal, secret }: Caller): Promise<readonly PrometheusAlert[]> => {
    const call: AdapterCall = { signal, secret, idempotencyKey: name };
    const alerts = await api.alerts(call);
    const matches = (alert: PrometheusAlert) =>
      Object.entries(labels).every(([label, value]) => alert.labels[label] === value);
    return alerts.filter((alert) => alert.state === "firing" && matches(alert));
  };
  return sourceOf({
    name,
    kind: "prometheus-source",
    description: "Counts firing alerts.",
    status: async (call) => ({ firing: (await firing(call)).length }),
    close: () => api.close(),
    sessions: ({ tutti, logger = silentLogger }) => {
      let seen: ReadonlySet<string> = new Set();
      return async (caller, well) => {
        while (!caller.signal.aborted) {
          const found = new Map((await firing(caller)).map((alert) => [idOf(alert), alert]));
          for (const [id, alert] of found) {
            if (seen.has(id)) continue;
            const reason = await startedBy(tutti, `${name}-${id}`, () => start(alert));
            if (reason !== undefined)
              logger.warn("an alert cannot start a run", { source: name, alert: alert.name, reason });
          }
          seen = new Set(found.keys());
          well();
          await sleep(systemTimers, pollMs, caller.signal).catch(() => {});
        }
      };
    },
  });
}

/** Returns the id of an alert. After a restart, Prometheus restores the time of an alert only to the second. */
function idOf({ labels, since }: PrometheusAlert): string {
  const second = Math.floor(Date.parse(since) / secondMs);
  const sorted = Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([sorted, second]))
    .digest("hex")
    .slice(0, 32);
}
