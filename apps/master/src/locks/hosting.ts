/** The parts of locks in this service: events, waiting callers, deadlocks, and handlers. */
import { lockService } from "@tutti/contracts/session/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import type { HostContext, ServiceStorage } from "@tutti/host";
import { WatchMemory } from "@tutti/host/serving";
import type { Orchestrator } from "@tutti/kernel";
import { deadlocks, lock } from "@tutti/machine-lock";
import type { MachineEventListener } from "@tutti/runtime";
import { DeadlockFinder } from "./deadlock-finder.ts";
import { lockHandlers } from "./handlers.ts";
import { LockEventPublisher } from "./lock-event-publisher.ts";
import { LockWaits } from "./lock-waits.ts";
import { LockWorks } from "./lock-works.ts";
import { WorkEnds } from "./work-ends.ts";

export interface LockHosting {
  /** Receives the events of locks. */
  readonly eventListener: MachineEventListener;
  /** Registers all other parts, with the storage of the machines. */
  registerParts(storage: Pick<ServiceStorage, "runtime" | "archive">): void;
}

export const lockMachines = [lock, deadlocks];

/** @param service registers the parts, in start order */
export function hostLocks(
  service: Pick<Orchestrator, "name" | "register">,
  host: HostContext,
  { deadlockCheckMs }: { readonly deadlockCheckMs: number },
): LockHosting {
  const { mesh, foundation, partitionOwner } = host;
  const waits = new LockWaits();
  const works = new LockWorks();
  const publisher = service.register("lock-events", new LockEventPublisher(host, waits, works), {
    critical: false,
  });
  return {
    eventListener: publisher,
    registerParts({ runtime, archive }) {
      const { name } = service;
      const actor = { kind: ActorKind.ACTOR_KIND_SERVICE, id: name };
      const locks = mesh.client(lockService, { service: name });
      const dependencies = {
        runtime,
        archive,
        partitionOwner,
        foundation,
        locks,
        waits,
        watches: new WatchMemory(foundation.clock, host.ids),
      };
      mesh.serve(lockService, lockHandlers(dependencies), { service: name });
      const finder = new DeadlockFinder({ ...dependencies, checkMs: deadlockCheckMs });
      service.register("deadlocks", finder, { critical: false });
      const cause = { actor, traceparent: "", decision: "", reason: "its work has ended" };
      const ends = new WorkEnds({ bus: host.bus, runtime, works, foundation, cause });
      service.register("lock-ends", ends, { critical: false });
    },
  };
}
