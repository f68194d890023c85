/** Admission of agents by rules: at a greeting, a changed offering, a poll, and the join of a mission. */
import type { Offering } from "@tutti/contracts/agent/v1";
import type { Guard } from "@tutti/host";
import type { Principal } from "@tutti/kernel";

/** Undefined if nothing is enforced. */
export type AgentRules = Pick<Guard["admission"], "agent"> | undefined;

interface OfferingAgent {
  readonly namespace: string;
  readonly pool: string;
  readonly agentId: string;
  readonly offering: Offering | undefined;
}

/** Throws if rules reject the agent. */
export type AdmitAgent = (
  about: OfferingAgent,
  principal: Principal,
  action: "agent.links.open" | "agent.tasks.claim" | "swarm.missions.join",
) => void;

export function admitAgentBy(rules: AgentRules): AdmitAgent {
  return (about, principal, action) => rules?.agent({ ...about, action }, principal);
}
