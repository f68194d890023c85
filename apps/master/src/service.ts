import type { HostContext, ServiceModule } from "@tutti/host";
import { Orchestrator } from "@tutti/kernel";
import { masterSection } from "./configuration.ts";

/** Sessions, which choose how their tasks are done, and what they share: locks, resources, estimates. */
export class MasterService extends Orchestrator {
  constructor(host: HostContext) {
    super("master", host.foundation, { scope: "orchestration", version: host.version });
  }
}

/** The service, as a host takes it in. */
export const master: ServiceModule = {
  name: "master",
  sections: [masterSection],
  create: (host) => new MasterService(host),
};
