/** What an installation has of what a definition uses: asked for before it is checked, since checking waits for nothing. */
import type { registryService } from "@tutti/contracts/registry/v1";
import { type agentService, ListAgentsRequest } from "@tutti/contracts/swarm/v1";
import type { DefinitionSource } from "@tutti/contracts/workflow/v1";
import type { Catalogue, KnownCapability, KnownDefinition, Plan } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { type CallContext, isTuttiError } from "@tutti/kernel";
import { definitionErrors, latest } from "@tutti/machine-definition";
import type { Client } from "@tutti/mesh";
import { checkSource } from "./sources.ts";
import type { Versions } from "./versions.ts";

export interface Installation {
  readonly versions: Versions;
  readonly registry: Pick<Client<typeof registryService>, "findCapabilities">;
  readonly agents: Pick<Client<typeof agentService>, "listAgents">;
}

export async function catalogueFor(
  installation: Installation,
  source: DefinitionSource,
  context: CallContext,
): Promise<Catalogue> {
  const plan = checkSource(source).definition?.plan;
  const capabilities = new Map<string, KnownCapability>();
  const definitions = new Map<string, KnownDefinition>();
  for (const { name, versionRange } of plan === undefined ? [] : capabilitiesOf(plan)) {
    const found = await findCapability(installation, name, versionRange, context);
    if (found !== undefined) capabilities.set(nameOf(name, versionRange), found);
  }
  for (const { name, version } of plan === undefined ? [] : definitionsOf(plan)) {
    const found = await findDefinition(installation, name, version, context);
    if (found !== undefined) definitions.set(nameOf(name, version), found);
  }
  return {
    capability: (name, range) => capabilities.get(nameOf(name, range)),
    capabilityNames: () => [...capabilities.keys()].map((key) => key.slice(0, key.indexOf("@"))),
    definition: (name, version) => definitions.get(nameOf(name, version)),
    definitionNames: () => [...definitions.keys()].map((key) => key.slice(0, key.indexOf("@"))),
  };
}

const nameOf = (name: string, version: string): string => `${name}@${version}`;

function capabilitiesOf({ works, policies }: Plan): { name: string; versionRange: string }[] {
  const used = [...works, ...policies.map(({ compensate }) => compensate)].flatMap((work) =>
    work !== null && "capability" in work ? [{ name: work.capability, versionRange: work.versionRange }] : [],
  );
  return [...new Map(used.map((each) => [nameOf(each.name, each.versionRange), each])).values()];
}

function definitionsOf({ works }: Plan): { name: string; version: string }[] {
  const used = works.flatMap((work) =>
    work.kind === "workflow" ? [{ name: work.definition, version: work.hash || work.label }] : [],
  );
  return [...new Map(used.map((each) => [nameOf(each.name, each.version), each])).values()];
}

/** What a service has announced, or else an agent offers. */
async function findCapability(
  { registry, agents }: Installation,
  name: string,
  versionRange: string,
  context: CallContext,
): Promise<KnownCapability | undefined> {
  const request = { namespace: context.namespace, name, versionRange, labels: undefined };
  const { versions } = await registry.findCapabilities(request, { context });
  const found = versions[0]?.capability ?? (await offered(agents, name, versionRange, context));
  return (
    found && { ...schema("inputSchema", found.inputSchema), ...schema("outputSchema", found.outputSchema) }
  );
}

/** By a worker that is linked or polls: all of a capability's workers in one version agree on what it takes. */
async function offered(
  agents: Installation["agents"],
  capability: string,
  versionRange: string,
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
    // Where no pool can be asked nobody is known to offer it.
    if (isTuttiError(error) && error.status === "UNAVAILABLE") return undefined;
    throw error;
  }
}

async function findDefinition(
  { versions }: Installation,
  name: string,
  version: string,
  context: CallContext,
): Promise<KnownDefinition | undefined> {
  const isHash = /^[0-9a-f]{64}$/.test(version);
  try {
    const { inputSchema, outputSchema, parameterSchema } = await versions.find(
      { name, version: { $case: isHash ? "hash" : "label", value: version || latest } },
      context,
    );
    return {
      ...schema("inputSchema", inputSchema),
      ...schema("outputSchema", outputSchema),
      ...schema("parameterSchema", parameterSchema),
    };
  } catch (error) {
    if (definitionErrors.missing.is(error)) return undefined;
    throw error;
  }
}

function schema<Name extends string>(
  name: Name,
  text: string | undefined,
): { readonly [Key in Name]?: Json } {
  // What is registered is JSON: the contract says so.
  return text === undefined || text === ""
    ? {}
    : ({ [name]: JSON.parse(text) } as { readonly [Key in Name]?: Json });
}
