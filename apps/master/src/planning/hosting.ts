/** Registers the handlers of plans and choices, with parts of sessions and estimates. */
import { planningService } from "@tutti/contracts/intelligence/v1";
import type { HostContext } from "@tutti/host";
import { Fleet } from "@tutti/sessions";
import type { SessionDependencies } from "../api/sessions/dependencies.ts";
import type { Learners } from "../intelligence/learners.ts";
import { planningHandlers } from "./handlers.ts";

/** @param service name of the service */
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
