import type { HostContext, ServiceModule } from "@tutti/host";
import { Orchestrator } from "@tutti/kernel";

/** The service of the contracts in proto/tutti/workflow; the handlers of their rpcs belong into `api/`. */
export class WorkflowService extends Orchestrator {
  constructor(host: HostContext) {
    super("workflow", host.foundation, { version: host.version });
  }
}

/** The service, as a host takes it in. */
export const workflow: ServiceModule = {
  name: "workflow",
  sections: [],
  create: (host) => new WorkflowService(host),
};
