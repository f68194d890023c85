import { join } from "node:path";
import { FindInstancesRequest, registryService } from "@tutti/contracts/registry/v1";
import { AllProcesses, type HostContext, type ServiceModule, servedMetricService } from "@tutti/host";
import { Orchestrator } from "@tutti/kernel";
import { metricsHandlers, servedSeriesService } from "./api/metrics.ts";
import { insightSection } from "./configuration.ts";
import { Recorder } from "./series/recorder.ts";
import { SeriesThread } from "./series/thread/series-thread.ts";

const allInstances = FindInstancesRequest.fromPartial({ page: { size: 1_000 } });

/** Keeps what was: series of all metrics. Nothing of an installation waits for it. */
export class InsightService extends Orchestrator {
  constructor(host: HostContext) {
    super("insight", host.foundation, { version: host.version });
    const { foundation, mesh } = host;
    const { recordEveryMs, dataDirectory, ...bounds } = this.settings(insightSection);
    const registry = mesh.client(registryService);
    const processes = new AllProcesses({
      clientOf: (service) => mesh.client(servedMetricService, { service }),
      instances: async () => (await registry.findInstances(allInstances)).instances,
    });
    const file = join(host.dataDirectory ?? dataDirectory, "insight", "series.sqlite");
    const { seriesMax, seriesOfMetricMax } = bounds;
    const now = () => foundation.clock.now();
    const thread = new SeriesThread({ file, seriesMax, seriesOfMetricMax }, now, foundation.timers);
    const recorder = new Recorder({ foundation, processes, thread, everyMs: recordEveryMs });
    this.register("recorder", recorder, { critical: false });
    mesh.serve(servedSeriesService, metricsHandlers({ thread, recorder, clock: foundation.clock }));
  }
}

/** The service, as a host takes it in. */
export const insight: ServiceModule = {
  name: "insight",
  sections: [insightSection],
  create: (host) => (host.configuration.read(insightSection).enabled ? new InsightService(host) : {}),
};
