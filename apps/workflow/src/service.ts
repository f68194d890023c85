import { registryService } from "@tutti/contracts/registry/v1";
import { definitionService } from "@tutti/contracts/workflow/v1";
import type { HostContext, ServiceModule } from "@tutti/host";
import { Orchestrator } from "@tutti/kernel";
import { definition } from "@tutti/machine-definition";
import { definitionHandlers } from "./api/definitions/handlers.ts";
import { catalogueFor } from "./definitions/installation.ts";
import { LiveRuns } from "./definitions/live-runs.ts";
import { Versions } from "./definitions/versions.ts";

/** Definitions of workflows, and their runs. */
export class WorkflowService extends Orchestrator {
  constructor(host: HostContext) {
    super("workflow", host.foundation, { version: host.version });
    const { mesh, steward, foundation } = host;
    // Definitions ask for nothing to be done.
    const { runtime, archive, blobs } = host.storage({ dispatch() {}, withdraw() {} });
    const hosting = { runtime, steward, blobs };
    const versions = new Versions(hosting);
    const installation = { versions, registry: mesh.client(registryService) };
    mesh.serve(
      definitionService,
      definitionHandlers({
        ...hosting,
        ...{ versions, archive, foundation, liveRuns: new LiveRuns(archive) },
        catalogue: (source, context) => catalogueFor(installation, source, context),
      }),
    );
  }
}

/** The service, as a host takes it in. */
export const workflow: ServiceModule = {
  name: "workflow",
  sections: [],
  machines: [definition],
  create: (host) => new WorkflowService(host),
};
