import type { HostContext, ServiceModule } from "@tutti/host";
import { Orchestrator } from "@tutti/kernel";
import { masterSection } from "./configuration.ts";
import { hostIntelligence, intelligenceMachines } from "./intelligence/hosting.ts";
import { hostLocks, lockMachines } from "./locks/hosting.ts";
import { witnesses } from "./witnesses.ts";

/** Sessions, which choose how their tasks are done, and what they share: locks, resources, estimates. */
export class MasterService extends Orchestrator {
  constructor(host: HostContext) {
    super("master", host.foundation, { scope: "orchestration", version: host.version });
    const settings = this.settings(masterSection);
    const locks = hostLocks(this, host, settings);
    const storage = host.storage({ dispatch() {}, withdraw() {}, witness: witnesses([locks.witness]) });
    locks.begin(storage);
    hostIntelligence(this, host, storage);
  }
}

/** The service, as a host takes it in. */
export const master: ServiceModule = {
  name: "master",
  sections: [masterSection],
  machines: [...lockMachines, ...intelligenceMachines],
  create: (host) => new MasterService(host),
};
