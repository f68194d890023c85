import type { Guard } from "@tutti/host";
import type { CallContext, TuttiError } from "@tutti/kernel";
import { swarmErrors } from "../errors.ts";

/** The receiver of refusals. Undefined in a process that enforces nothing. */
export type GrantGuard = Pick<Guard, "refusedInside"> | undefined;

/**
 * An agent that offers an ungranted capability, or uses another's id, is recorded in the audit, as refusals at the edge
 * are.
 */
export function reportRefused(
  guard: GrantGuard,
  error: TuttiError,
  context: CallContext,
  action: "agent.links.open" | "agent.tasks.claim",
): void {
  if (swarmErrors.notGranted.is(error) || swarmErrors.agentOfAnother.is(error))
    guard?.refusedInside(error, context, action);
}
