/** What rules say of agents: when they say hello, when they offer other things than before, when they poll, and where they join a mission. */
import type { Offering } from "@tutti/contracts/agent/v1";
import type { Guard } from "@tutti/host";
import type { Principal } from "@tutti/kernel";

/** Undefined where nothing is enforced. */
export type AgentRules = Pick<Guard["admission"], "agent"> | undefined;

interface OfferingAgent {
  readonly namespace: string;
  readonly pool: string;
  readonly agentId: string;
  readonly offering: Offering | undefined;
}

/** Throws where rules refuse it. */
export type AdmitAgent = (
  about: OfferingAgent,
  principal: Principal,
  action: "agent.links.open" | "agent.tasks.claim" | "swarm.missions.join",
) => void;

export function admitAgentBy(rules: AgentRules): AdmitAgent {
  return (about, principal, action) => rules?.agent({ ...about, action }, principal);
}
