/** Answers questions about plans and choices, without starting anything. */
import type { planningService } from "@tutti/contracts/intelligence/v1";
import { atOwner, type Handlers } from "@tutti/mesh";
import { listChoices } from "./choices.ts";
import { chooseMode, recordChoices } from "./choosing.ts";
import type { PlanningDependencies } from "./dependencies.ts";
import { plan } from "./plans.ts";

export function planningHandlers(dependencies: PlanningDependencies): Handlers<typeof planningService> {
  const { planning } = dependencies;
  return {
    // The knowledge is at the owner of the namespace's experience.
    plan: (request, context) =>
      atOwner(
        () => plan(dependencies, request, context),
        (owner) => planning.plan(request, { context, owner }),
      ),
    chooseMode: (request, context) =>
      atOwner(
        () => chooseMode(dependencies, request, context),
        (owner) => planning.chooseMode(request, { context, owner }),
      ),
    recordChoices: (request, context) =>
      atOwner(
        () => recordChoices(dependencies, request, context),
        (owner) => planning.recordChoices(request, { context, owner }),
      ),
    listChoices: (request, context) => listChoices(dependencies, request, context),
  };
}
