/** The dependencies of the handlers of planning. */
import type { planningService } from "@tutti/contracts/intelligence/v1";
import type { Client } from "@tutti/mesh";
import type { Fleet } from "@tutti/sessions";
import type { SessionDependencies } from "../api/sessions/dependencies.ts";
import type { Learners } from "../intelligence/learners.ts";

export interface PlanningDependencies extends SessionDependencies {
  readonly learners: Learners;
  readonly fleet: Pick<Fleet, "agentsOf">;
  /** The client of this service, in any process. */
  readonly planning: Client<typeof planningService>;
}
