/** What is learned from ends of attempts, until a service of its own does it. */
import { estimateService } from "@tutti/contracts/intelligence/v1";
import type { HostContext, ServiceStorage } from "@tutti/host";
import type { Orchestrator } from "@tutti/kernel";
import { experience } from "@tutti/machine-experience";
import { estimateHandlers } from "./handlers.ts";
import { Learners } from "./learners.ts";

export const intelligenceMachines = [experience];

export function hostIntelligence(
  { name }: Pick<Orchestrator, "name">,
  { mesh, steward, foundation }: Pick<HostContext, "mesh" | "steward" | "foundation">,
  { runtime, archive }: Pick<ServiceStorage, "runtime" | "archive">,
): void {
  const machines = { runtime, archive, steward };
  const estimates = mesh.client(estimateService, { service: name });
  const desk = { ...machines, foundation, estimates, learners: new Learners(machines) };
  mesh.serve(estimateService, estimateHandlers(desk), { service: name });
}
