/** What answers questions about plans and choices, with what sessions and estimates work with. */
import { planningService } from "@tutti/contracts/intelligence/v1";
import type { HostContext } from "@tutti/host";
import { Fleet } from "@tutti/sessions";
import type { SessionDependencies } from "../api/sessions/dependencies.ts";
import type { Learners } from "../intelligence/learners.ts";
import { planningHandlers } from "./handlers.ts";

/** @param service its name */
export function hostPlanning(
  service: string,
  { mesh, foundation }: Pick<HostContext, "mesh" | "foundation">,
  parts: { readonly sessions: SessionDependencies; readonly learners: Learners },
): void {
  const { sessions, learners } = parts;
  const dependencies = {
    ...sessions,
    learners,
    fleet: new Fleet({ agents: sessions.agents, clock: foundation.clock }),
    planning: mesh.client(planningService, { service }),
  };
  mesh.serve(planningService, planningHandlers(dependencies), { service });
}
