/** Plans and choices as answers to questions: nothing is started by them. */
import type { planningService } from "@tutti/contracts/intelligence/v1";
import type { Handlers } from "@tutti/mesh";
import { atOwner } from "../intelligence/handlers.ts";
import { listChoices } from "./choices.ts";
import { chooseMode, recordChoices } from "./choosing.ts";
import type { PlanningDependencies } from "./dependencies.ts";
import { plan } from "./plans.ts";

export function planningHandlers(dependencies: PlanningDependencies): Handlers<typeof planningService> {
  const { planning } = dependencies;
  return {
    // What is known is known where the experience of the namespace is.
    plan: (request, context) =>
      atOwner(
        () => plan(dependencies, request, context),
        (instance) => planning.plan(request, { context, instance }),
      ),
    chooseMode: (request, context) =>
      atOwner(
        () => chooseMode(dependencies, request, context),
        (instance) => planning.chooseMode(request, { context, instance }),
      ),
    recordChoices: (request, context) =>
      atOwner(
        () => recordChoices(dependencies, request, context),
        (instance) => planning.recordChoices(request, { context, instance }),
      ),
    listChoices: (request, context) => listChoices(dependencies, request, context),
  };
}
