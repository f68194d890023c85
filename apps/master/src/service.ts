import type { HostContext, ServiceModule } from "@tutti/host";
import { type MachineEvent, Orchestrator } from "@tutti/kernel";
import type { MachineEventListener, TakeNote } from "@tutti/runtime";
import { masterSection } from "./configuration.ts";
import { hostIntelligence, intelligenceMachines } from "./intelligence/hosting.ts";
import { hostLocks, lockMachines } from "./locks/hosting.ts";
import { hostPlanning } from "./planning/hosting.ts";
import { hostResources, resourceMachines } from "./resources/hosting.ts";
import { hostSessions, sessionMachines } from "./sessions/hosting.ts";

/** Sessions, which choose how their tasks are done, and what they share: locks, resources, estimates. */
export class MasterService extends Orchestrator {
  constructor(host: HostContext) {
    super("master", host.foundation, { scope: "orchestration", version: host.version });
    const settings = this.settings(masterSection);
    const locks = hostLocks(this, host, settings);
    const sessions = hostSessions(this, host, settings);
    const intelligence = hostIntelligence(this, host);
    const { effects } = sessions;
    const storage = host.storage({
      // Of the machines of this service only sessions make effects.
      dispatch: (due) => effects.dispatch(due),
      withdraw: (tokens) => effects.withdraw(tokens),
      eventListener: combinedListeners([
        locks.eventListener,
        sessions.eventListener,
        intelligence.eventListener,
      ]),
    });
    locks.begin(storage);
    const sessionDependencies = sessions.begin(storage);
    const learners = intelligence.begin(storage);
    hostPlanning(this.name, host, { sessions: sessionDependencies, learners });
    hostResources(this, host, storage);
  }
}

/** The service, as a host takes it in. */
export const master: ServiceModule = {
  name: "master",
  sections: [masterSection],
  machines: [...lockMachines, ...sessionMachines, ...intelligenceMachines, ...resourceMachines],
  create: (host) => new MasterService(host),
};

/** A note and the listener that made it. */
interface TakenNote {
  readonly by: MachineEventListener;
  readonly note: unknown;
}

function combinedListeners(all: readonly MachineEventListener[]): MachineEventListener {
  const notes = new Map<MachineEvent<never>, TakeNote>();
  for (const by of all)
    for (const [event, take] of by.notes)
      notes.set(event, (happening): TakenNote | undefined => {
        const note = take(happening);
        return note === undefined ? undefined : { by, note };
      });
  return {
    notes,
    handle(taken) {
      for (const by of all) {
        const own: unknown[] = [];
        for (const one of taken) {
          // A failed note goes to the first listener, which logs it.
          if (one instanceof Error) {
            if (by === all[0]) own.push(one);
          } else if ((one as TakenNote).by === by) own.push((one as TakenNote).note);
        }
        if (own.length > 0) by.handle(own);
      }
    },
  };
}
