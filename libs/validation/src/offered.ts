/** Offered capabilities and registered definitions of a running installation, for a catalogue. */
import type { registryService } from "@tutti/contracts/registry/v1";
import { type agentService, ListAgentsRequest } from "@tutti/contracts/swarm/v1";
import type { KnownCapability, KnownDefinition } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { type CallContext, isTuttiError } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import type { NameReference } from "./installation.ts";

export interface Offerers {
  readonly registry: Pick<Client<typeof registryService>, "findCapabilities">;
  readonly agents: Pick<Client<typeof agentService>, "listAgents">;
}

/**
 * Returns the capability that an agent offers, or else one that a service has announced. Agents first: the registry
 * learns of them a moment later.
 */
export async function capabilityAt(
  { registry, agents }: Offerers,
  reference: NameReference,
  context: CallContext,
): Promise<KnownCapability | undefined> {
  const found =
    (await offered(agents, reference, context)) ?? (await announced(registry, reference, context));
  return (
    found && { ...schema("inputSchema", found.inputSchema), ...schema("outputSchema", found.outputSchema) }
  );
}

async function announced(
  registry: Offerers["registry"],
  { name, version: versionRange }: NameReference,
  context: CallContext,
) {
  const request = { namespace: context.namespace, name, versionRange, labels: undefined };
  const { versions } = await registry.findCapabilities(request, { context });
  return versions[0]?.capability;
}

/**
 * Returns the capability of a worker that is linked or polls: all workers of a version have the same schemas.
 */
async function offered(
  agents: Offerers["agents"],
  { name: capability, version: versionRange }: NameReference,
  context: CallContext,
) {
  const { namespace } = context;
  const request = ListAgentsRequest.fromPartial({
    namespace,
    filter: { capability, versionRange },
    page: { size: 1 },
  });
  try {
    const [agent] = (await agents.listAgents(request, { context })).agents;
    return agent?.offering?.capabilities.findLast(({ name }) => name === capability);
  } catch (error) {
    // If no pool can answer, no agent is known to offer it.
    if (isTuttiError(error) && error.status === "UNAVAILABLE") return undefined;
    throw error;
  }
}

interface Schemas {
  readonly inputSchema: string;
  readonly outputSchema: string;
  readonly parameterSchema: string;
}

/** Converts a registered definition. */
export function knownDefinition({ inputSchema, outputSchema, parameterSchema }: Schemas): KnownDefinition {
  return {
    ...schema("inputSchema", inputSchema),
    ...schema("outputSchema", outputSchema),
    ...schema("parameterSchema", parameterSchema),
  };
}

/** Selects a version by hash or label. */
export function versionNamed(version: string, latest: string) {
  const isHash = /^[0-9a-f]{64}$/.test(version);
  return { $case: isHash ? "hash" : "label", value: version || latest } as const;
}

function schema<Name extends string>(
  name: Name,
  text: string | undefined,
): { readonly [Key in Name]?: Json } {
  // The contract guarantees that registered schemas are JSON.
  return text === undefined || text === ""
    ? {}
    : ({ [name]: JSON.parse(text) } as { readonly [Key in Name]?: Json });
}
