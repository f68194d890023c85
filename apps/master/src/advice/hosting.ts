/** The parts that find, store and try advice. */
import { analysisService, factService } from "@tutti/contracts/insight/v1";
import { adviceService, estimateService } from "@tutti/contracts/intelligence/v1";
import { poolService } from "@tutti/contracts/swarm/v1";
import { definitionService, runService, taskService } from "@tutti/contracts/workflow/v1";
import type { HostContext, ServiceStorage } from "@tutti/host";
import type { Orchestrator } from "@tutti/kernel";
import { advice } from "@tutti/machine-entities/advice";
import type { MachineEventListener } from "@tutti/runtime";
import { AdviceEventPublisher } from "./advice-event-publisher.ts";
import { adviceHandlers } from "./handlers.ts";
import { Pools } from "./pools.ts";
import { Trials } from "./trials.ts";
import { Uses } from "./uses.ts";
import { Workflows } from "./workflows.ts";

export const adviceMachines = [advice];

export interface AdviceHosting {
  /** Receives recorded events. */
  readonly eventListener: MachineEventListener;
  /** Registers all other parts, with the storage of the machines. */
  registerParts(storage: Pick<ServiceStorage, "runtime" | "archive">): void;
}

export function hostAdvice(
  service: Pick<Orchestrator, "name" | "register">,
  {
    mesh,
    partitionOwner,
    foundation,
    bus,
  }: Pick<HostContext, "mesh" | "partitionOwner" | "foundation" | "bus">,
  { adviceEveryMs, adviceSpanMs: spanMs }: { readonly adviceEveryMs: number; readonly adviceSpanMs: number },
): AdviceHosting {
  const publisher = service.register("advice-events", new AdviceEventPublisher({ bus, foundation }), {
    critical: false,
  });
  return {
    eventListener: publisher,
    registerParts({ runtime, archive }) {
      const machines = { runtime, archive, partitionOwner };
      const workflows = new Workflows({
        definitions: mesh.client(definitionService),
        runs: mesh.client(runService),
        tasks: mesh.client(taskService),
        estimates: mesh.client(estimateService, { service: service.name }),
      });
      const uses = new Uses(mesh, foundation.clock);
      const load = {
        facts: mesh.client(factService, { service: "insight" }),
        isServed: () => mesh.knows("insight"),
      };
      const pools = new Pools({
        pools: mesh.client(poolService),
        replays: mesh.client(analysisService, { service: "insight" }),
        ...load,
        clock: foundation.clock,
        spanMs,
      });
      const parts = { ...machines, foundation, workflows, uses, pools };
      const trials = service.register("trials", new Trials({ ...parts, adviceEveryMs }), { critical: false });
      const client = mesh.client(adviceService, { service: service.name });
      mesh.serve(adviceService, adviceHandlers({ ...parts, load, trials, advice: client }), {
        service: service.name,
      });
    },
  };
}
