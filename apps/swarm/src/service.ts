import type { HostContext, ServiceModule } from "@tutti/host";
import { Orchestrator } from "@tutti/kernel";

/** The service of the contracts in proto/tutti/swarm; the handlers of their rpcs belong into `api/`. */
export class SwarmService extends Orchestrator {
  constructor(host: HostContext) {
    super("swarm", host.foundation, { version: host.version });
  }
}

/** The service, as a host takes it in. */
export const swarm: ServiceModule = {
  name: "swarm",
  sections: [],
  create: (host) => new SwarmService(host),
};
