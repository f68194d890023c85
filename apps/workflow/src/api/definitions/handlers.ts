/** The rpcs of definitions. */
import type {
  ArchiveDefinitionReply,
  ArchiveDefinitionRequest,
  Definition,
  definitionService,
  LabelDefinitionReply,
  LabelDefinitionRequest,
  RollOutDefinitionReply,
  RollOutDefinitionRequest,
} from "@tutti/contracts/workflow/v1";
import { causeOf, whenOwned } from "@tutti/host";
import type { CallContext } from "@tutti/kernel";
import { archive, point, rollOut } from "@tutti/machine-entities/definition";
import type { Handlers } from "@tutti/mesh";
import { keyOf } from "../../definitions/versions.ts";
import { checkDefinition, convertDefinition, getGraph, registerDefinition } from "./content.ts";
import type { DefinitionDependencies } from "./dependencies.ts";
import { getDefinition, listDefinitions, listDefinitionVersions, watchDefinitions } from "./reading.ts";

export function definitionHandlers(dependencies: DefinitionDependencies): Handlers<typeof definitionService> {
  return {
    checkDefinition: (request, context) => checkDefinition(dependencies, request, context),
    registerDefinition: (request, context) => registerDefinition(dependencies, request, context),
    getDefinition: (request, context) => getDefinition(dependencies, request, context),
    listDefinitions: (request, context) => listDefinitions(dependencies, request, context),
    watchDefinitions: (request, context) => watchDefinitions(dependencies, request, context),
    listDefinitionVersions: (request, context) => listDefinitionVersions(dependencies, request, context),
    labelDefinition: (request, context) => labelDefinition(dependencies, request, context),
    rollOutDefinition: (request, context) => rollOutDefinition(dependencies, request, context),
    archiveDefinition: (request, context) => archiveDefinition(dependencies, request, context),
    getGraph: (request, context) => getGraph(dependencies, request, context),
    convertDefinition: (request, context) => convertDefinition(dependencies, request, context),
  };
}

async function labelDefinition(
  dependencies: DefinitionDependencies,
  { name, versionLabel: label, hash: requestedHash, reason }: LabelDefinitionRequest,
  context: CallContext,
): Promise<LabelDefinitionReply> {
  const key = keyOf(context.namespace, name);
  const { hash, labels: searchLabels } = await versionWith(dependencies, name, requestedHash, context);
  const reference = { name, version: { $case: "hash", value: hash } } as const;
  const body = { label, hash, searchLabels };
  const order = { key, command: point, body, cause: causeOf(context, reason) };
  await whenOwned(dependencies, key, context, () => dependencies.runtime.execute(order));
  return { definition: hash === "" ? undefined : await dependencies.versions.find(reference, context) };
}

/** Returns the version with the hash, or a start of it. An empty hash stays empty. */
async function versionWith(
  { versions }: DefinitionDependencies,
  name: string,
  hash: string,
  context: CallContext,
): Promise<Pick<Definition, "hash" | "labels">> {
  if (hash === "") return { hash, labels: {} };
  return await versions.find({ name, version: { $case: "hash", value: hash } }, context);
}

async function rollOutDefinition(
  dependencies: DefinitionDependencies,
  { name, version, percent, reason }: RollOutDefinitionRequest,
  context: CallContext,
): Promise<RollOutDefinitionReply> {
  const key = keyOf(context.namespace, name);
  const selector = { name, version: { $case: "label", value: version } } as const;
  const { hash, labels: searchLabels } = await dependencies.versions.find(selector, context);
  const order = {
    key,
    command: rollOut,
    body: { hash, percent, searchLabels },
    cause: causeOf(context, reason),
  };
  await whenOwned(dependencies, key, context, () => dependencies.runtime.execute(order));
  const reference = { name, version: { $case: "hash", value: hash } } as const;
  return { definition: await dependencies.versions.find(reference, context) };
}

async function archiveDefinition(
  dependencies: DefinitionDependencies,
  { name, hash: requestedHash, restore, reason }: ArchiveDefinitionRequest,
  context: CallContext,
): Promise<ArchiveDefinitionReply> {
  const { hash } = await versionWith(dependencies, name, requestedHash, context);
  const key = keyOf(context.namespace, name);
  const order = { key, command: archive, body: { hash, restore }, cause: causeOf(context, reason) };
  const { changed } = await whenOwned(dependencies, key, context, () => dependencies.runtime.execute(order));
  return { changed, liveCount: await dependencies.liveRuns.count(context.namespace, name, hash) };
}
