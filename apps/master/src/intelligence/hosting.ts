/** Learns from ends of attempts, until a separate service does that. */
import { estimateService } from "@tutti/contracts/intelligence/v1";
import type { HostContext, ServiceStorage } from "@tutti/host";
import type { Orchestrator } from "@tutti/kernel";
import { experience } from "@tutti/machine-entities/experience";
import type { MachineEventListener } from "@tutti/runtime";
import { Uses } from "../advice/uses.ts";
import { EstimateEventPublisher } from "./estimate-event-publisher.ts";
import { estimateHandlers } from "./handlers.ts";
import { Learners } from "./learners.ts";
import { Trainings } from "./trainings.ts";

export const intelligenceMachines = [experience];

export interface IntelligenceHosting {
  /** Receives recorded events. */
  readonly eventListener: MachineEventListener;
  /** Registers all other parts, with the storage of the machines. */
  registerParts(storage: Pick<ServiceStorage, "runtime" | "archive">): Learners;
}

export function hostIntelligence(
  service: Pick<Orchestrator, "name" | "register">,
  {
    mesh,
    partitionOwner,
    foundation,
    bus,
  }: Pick<HostContext, "mesh" | "partitionOwner" | "foundation" | "bus">,
  { modelEveryMs }: { readonly modelEveryMs: number },
): IntelligenceHosting {
  const publisher = service.register("estimate-events", new EstimateEventPublisher({ bus, foundation }), {
    critical: false,
  });
  return {
    eventListener: publisher,
    registerParts({ runtime, archive }) {
      const machines = { runtime, archive, partitionOwner };
      const learners = new Learners(machines);
      publisher.attachLearners(learners);
      const parts = { ...machines, foundation };
      if (modelEveryMs > 0)
        service.register("trainings", new Trainings(parts, modelEveryMs), { critical: false });
      const estimates = mesh.client(estimateService, { service: service.name });
      const uses = new Uses(mesh, foundation.clock);
      mesh.serve(estimateService, estimateHandlers({ ...parts, estimates, learners, uses }), {
        service: service.name,
      });
      return learners;
    },
  };
}
