/** The offering of an agent, as its pool knows it: it decides about claims and roles. */
import { AgentOffering, GetAgentRequest, type JoinMissionRequest } from "@tutti/contracts/swarm/v1";
import { type CallContext, errorFromUnknown, isTuttiError } from "@tutti/kernel";
import { admitAgentBy } from "../../grants/admitted-agents.ts";
import { offeredIn, requireGrant } from "../../grants/within-grant.ts";
import { keyOf, type MissionDependencies } from "../missions/dependencies.ts";

/** Maximum duration of the request to the pool. */
const poolTimeoutMs = 2_000;

/** Returns the offering of an agent. If its pool does not know it: its own statement, or nothing to claim. */
export async function offeringOf(
  dependencies: Pick<MissionDependencies, "agents" | "namespaceOfPool" | "admission" | "refusedJoins">,
  { missionId, pool, agentId, offering: requested }: JoinMissionRequest,
  context: CallContext,
): Promise<AgentOffering | undefined> {
  const name = pool || "default";
  const namespace = dependencies.namespaceOfPool(name, context.namespace);
  const request = GetAgentRequest.fromPartial({ namespace, pool: name, agentId });
  const offering = (await knownOffering(dependencies, request, context)) ?? requested;
  try {
    requireGrant(context.principal, { namespace, pool: name, ...offeredIn(offering) });
    const about = { namespace, pool: name, agentId, offering };
    admitAgentBy(dependencies.admission)(about, context.principal, "swarm.missions.join");
  } catch (thrown) {
    const error = errorFromUnknown(thrown);
    if (error.status === "PERMISSION_DENIED")
      dependencies.refusedJoins.record(keyOf(context.namespace, missionId), { agentId, offering }, error);
    throw error;
  }
  return offeredBy(offering);
}

/** Reads the offering in the name of the service: a participant may lack the right to read agents. */
async function knownOffering(
  dependencies: Pick<MissionDependencies, "agents">,
  request: GetAgentRequest,
  { signal, trace }: CallContext,
): Promise<JoinMissionRequest["offering"]> {
  try {
    const { agent } = await dependencies.agents.getAgent(request, {
      signal,
      trace,
      timeoutMs: poolTimeoutMs,
    });
    return agent?.offering;
  } catch (error) {
    if (isTuttiError(error) && error.status === "NOT_FOUND") return undefined;
    throw error;
  }
}

function offeredBy(offering: JoinMissionRequest["offering"]): AgentOffering | undefined {
  if (offering === undefined) return undefined;
  const { labels, resources } = offering;
  const capabilities = offering.capabilities.map(({ name, version }) => ({ name, version }));
  return AgentOffering.fromPartial({ capabilities, labels, resources });
}
