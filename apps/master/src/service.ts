import type { HostContext, ServiceModule } from "@tutti/host";
import { combinedListeners } from "@tutti/host/serving";
import { Orchestrator } from "@tutti/kernel";
import { adviceMachines, hostAdvice } from "./advice/hosting.ts";
import { masterSection } from "./configuration.ts";
import { hostIntelligence, intelligenceMachines } from "./intelligence/hosting.ts";
import { hostLocks, lockMachines } from "./locks/hosting.ts";
import { hostPlanning } from "./planning/hosting.ts";
import { hostResources, resourceMachines } from "./resources/hosting.ts";
import { hostSessions, sessionMachines } from "./sessions/hosting.ts";

/** Sessions, which choose how their tasks are done, and their shared objects: locks, resources, estimates. */
export class MasterService extends Orchestrator {
  constructor(host: HostContext) {
    super("master", host.foundation, { scope: "orchestration", version: host.version });
    const settings = this.settings(masterSection);
    const locks = hostLocks(this, host, settings);
    const sessions = hostSessions(this, host, settings);
    const intelligence = hostIntelligence(this, host, settings);
    const advice = hostAdvice(this, host, settings);
    const { effects } = sessions;
    const storage = host.storage({
      // Only sessions have effects among the machines of this service.
      dispatch: (due) => effects.dispatch(due),
      withdraw: (tokens) => effects.withdraw(tokens),
      eventListener: combinedListeners([
        locks.eventListener,
        sessions.eventListener,
        intelligence.eventListener,
        advice.eventListener,
      ]),
    });
    locks.registerParts(storage);
    const sessionDependencies = sessions.registerParts(storage);
    const learners = intelligence.registerParts(storage);
    advice.registerParts(storage);
    hostPlanning(this.name, host, { sessions: sessionDependencies, learners });
    hostResources(this, host, storage);
  }
}

/** The service as a module of a host. */
export const master: ServiceModule = {
  name: "master",
  sections: [masterSection],
  machines: [
    ...lockMachines,
    ...sessionMachines,
    ...intelligenceMachines,
    ...adviceMachines,
    ...resourceMachines,
  ],
  create: (host) => new MasterService(host),
};
