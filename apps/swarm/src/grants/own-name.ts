/** Checks the id of an agent: it must not be the id of another agent that governance knows. */
import type { Guard } from "@tutti/host";
import type { Principal } from "@tutti/kernel";
import { swarmErrors } from "../errors.ts";

/** Knows the owner of each id. Undefined in a process that enforces nothing. */
export type AgentNames = Pick<Guard, "isNameOfAnother"> | undefined;

export function requireOwnName(
  names: AgentNames,
  principal: Principal,
  { namespace, agentId }: { readonly namespace: string; readonly agentId: string },
): void {
  if (agentId === "" || names?.isNameOfAnother(principal, namespace, agentId) !== true) return;
  throw swarmErrors.agentOfAnother({ agent: agentId, found: `${principal.kind}:${principal.id}` });
}
