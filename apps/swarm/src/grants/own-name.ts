/** The id that an agent uses: no agent uses the id of another one that governance knows, with any rights. */
import type { Guard } from "@tutti/host";
import type { Principal } from "@tutti/kernel";
import { swarmErrors } from "../errors.ts";

/** Who knows whose ids are. Undefined in a process that enforces nothing. */
export type AgentNames = Pick<Guard, "isNameOfAnother"> | undefined;

export function requireOwnName(
  names: AgentNames,
  principal: Principal,
  { namespace, agentId }: { readonly namespace: string; readonly agentId: string },
): void {
  if (agentId === "" || names?.isNameOfAnother(principal, namespace, agentId) !== true) return;
  throw swarmErrors.agentOfAnother({ agent: agentId, found: `${principal.kind}:${principal.id}` });
}
