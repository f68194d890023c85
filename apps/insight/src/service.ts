import { join } from "node:path";
import { agentPollService } from "@tutti/contracts/agent/v1";
import { admissionService } from "@tutti/contracts/governance/v1";
import { analysisService, factService, metricService } from "@tutti/contracts/insight/v1";
import { registryService } from "@tutti/contracts/registry/v1";
import { agentService, poolService } from "@tutti/contracts/swarm/v1";
import { runService } from "@tutti/contracts/workflow/v1";
import { AllProcesses, type HostContext, type ServiceModule, servedMetricService } from "@tutti/host";
import { ServiceAgent } from "@tutti/host/service-agent";
import { allInstances } from "@tutti/host/serving";
import { Orchestrator, type Timers } from "@tutti/kernel";
import { type AlertParts, alertMachines, hostAlerts } from "./alerts/hosting.ts";
import { analysisHandlers, explainFailures } from "./api/analysis.ts";
import { factsHandlers } from "./api/facts.ts";
import { metricsHandlers } from "./api/metrics.ts";
import { insightSection } from "./configuration.ts";
import { FactCollector } from "./facts/collector.ts";
import { QueryProcess } from "./facts/query/query-process.ts";
import { FactThread } from "./facts/thread/fact-thread.ts";
import { agentPrefix, insightRole } from "./insight-role.ts";
import { inspectInsight } from "./inspection.ts";
import { PdfPrinter } from "./reports/render/pdf.ts";
import { Reports } from "./reports/reports.ts";
import { AgentSeries } from "./series/agent-series.ts";
import { PrometheusSeries, type PrometheusSettings } from "./series/prometheus/prometheus-series.ts";
import { UserSeries } from "./series/prometheus/user-series.ts";
import { Recorder, type RecorderParts } from "./series/recorder.ts";
import { SeriesThread } from "./series/thread/series-thread.ts";

/** A replay simulates days. */
const replayLimits = { timeMaxMs: 120_000, memoryMb: 1_024, waitingMax: 4 };
const dayMs = 24 * 3_600_000;

/** Records series of all metrics, and facts about all work. No other part of an installation waits for it. */
export class InsightService extends Orchestrator {
  constructor(host: HostContext) {
    super("insight", host.foundation, { version: host.version });
    const { foundation, mesh } = host;
    const settings = this.settings(insightSection);
    const { recordEveryMs, factsEveryMs, factsKeepDays, dataDirectory, ...bounds } = settings;
    const registry = mesh.client(registryService);
    const processes = new AllProcesses({
      clientOf: (service) => mesh.client(servedMetricService, { service }),
      instances: () => allInstances(registry),
    });
    const folder = join(host.dataDirectory ?? dataDirectory, "insight");
    const file = join(folder, "series.sqlite");
    const { seriesMax, seriesOfMetricMax } = bounds;
    const now = () => foundation.clock.now();
    const thread = new SeriesThread({ file, seriesMax, seriesOfMetricMax }, now, foundation.timers);
    const userSeries = new UserSeries({ seriesMax, seriesOfMetricMax }, foundation.metrics);
    const forward: RecorderParts["forward"] = (measured, nowMs) => {
      const { remoteWriter } = host.telemetry;
      if (remoteWriter !== undefined) remoteWriter.add(userSeries.written(measured, nowMs));
    };
    const recorder = new Recorder({ foundation, processes, thread, everyMs: recordEveryMs, forward });
    this.register("recorder", recorder, { critical: false });
    const { clock, timers } = foundation;
    const prometheus = prometheusOf(settings.prometheus, thread, timers);
    mesh.serve(metricService, metricsHandlers({ thread, recorder, prometheus, clock, timers }));
    const { processId } = host;
    const agent = new ServiceAgent({
      role: insightRole,
      foundation,
      agentId: `${agentPrefix}${processId}`,
      runs: mesh.client(runService),
      polls: mesh.client(agentPollService, { service: "swarm" }),
      pools: mesh.client(poolService),
    });
    const facts = this.#hostFacts(host, thread, join(folder, "facts.sqlite"), {
      recorder,
      everyMs: factsEveryMs,
      retentionMs: factsKeepDays * dayMs,
      agent,
      chromium: settings.chromium,
    });
    const explain: AlertParts["explain"] = (span) => explainFailures(facts, span);
    hostAlerts(this, host, { settings, thread, recorder, explain, agent });
    this.register("agent", agent, { critical: false });
    facts.collector.onQueued((namespace) => agent.wake(namespace));
    const agentSeries = new AgentSeries({
      foundation,
      agents: mesh.client(agentService),
      pools: mesh.client(poolService),
      recorder,
    });
    this.register("agent-series", agentSeries, { critical: false });
    facts.collector.onUsed((namespace) => agentSeries.include(namespace));
  }

  #hostFacts(
    { foundation, mesh, guard, ids }: HostContext,
    series: SeriesThread,
    file: string,
    {
      agent,
      chromium,
      recorder,
      ...times
    }: { everyMs: number; retentionMs: number; agent: ServiceAgent; chromium: string; recorder: Recorder },
  ): Parameters<typeof explainFailures>[0] & { readonly collector: FactCollector } {
    const thread = new FactThread({ file }, foundation.timers);
    const queries = new QueryProcess(foundation.timers);
    const replays = new QueryProcess(foundation.timers, replayLimits);
    const collector = new FactCollector({ foundation, mesh, thread, ...times });
    const stores = {
      stop: async () => {
        queries.stop();
        replays.stop();
        await thread.stop();
      },
    };
    this.register("fact-store", stores, { critical: false });
    this.register("facts", collector, { critical: false });
    const { clock } = foundation;
    const pools = mesh.client(poolService);
    mesh.serve(factService, factsHandlers({ collector, thread, queries, file, clock }));
    const analysis = mesh.client(analysisService);
    const compliance = mesh.client(admissionService);
    const reportParts = { collector, queries, series, analysis, compliance, file, clock };
    const printer = new PdfPrinter(chromium);
    const reports = new Reports({ mesh, guard, ids, agent, reportParts, printer });
    mesh.serve(
      analysisService,
      analysisHandlers({ collector, queries, replays, reports, pools, series, recorder, file, clock }),
    );
    return { collector, queries, file };
  }
}

function prometheusOf(
  { url, ...settings }: Omit<PrometheusSettings, "url"> & { readonly url?: string | undefined },
  thread: SeriesThread,
  timers: Timers,
): PrometheusSeries | undefined {
  if (url === undefined) return undefined;
  const declared = (namespace: string) => thread.request("metrics", { namespace, prefix: "" });
  return new PrometheusSeries({ settings: { url, ...settings }, timers, declared });
}

/** The service as a module of a host. */
export const insight: ServiceModule = {
  name: "insight",
  sections: [insightSection],
  machines: alertMachines,
  inspect: async ({ directory }) => inspectInsight(directory),
  create: (host) => (host.configuration.read(insightSection).enabled ? new InsightService(host) : {}),
};
