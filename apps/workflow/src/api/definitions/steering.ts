import type {
  ArchiveDefinitionReply,
  ArchiveDefinitionRequest,
  LabelDefinitionReply,
  LabelDefinitionRequest,
} from "@tutti/contracts/workflow/v1";
import { causeOf, whenOwned } from "@tutti/host";
import type { CallContext } from "@tutti/kernel";
import { archive, point } from "@tutti/machine-entities/definition";
import { keyOf } from "../../definitions/versions.ts";
import type { DefinitionDependencies } from "./dependencies.ts";

export async function labelDefinition(
  dependencies: DefinitionDependencies,
  { name, versionLabel: label, hash, reason }: LabelDefinitionRequest,
  context: CallContext,
): Promise<LabelDefinitionReply> {
  const key = keyOf(context.namespace, name);
  const reference = { name, version: { $case: "hash", value: hash } } as const;
  const searchLabels = hash === "" ? {} : (await dependencies.versions.find(reference, context)).labels;
  const body = { label, hash, searchLabels };
  const order = { key, command: point, body, cause: causeOf(context, reason) };
  await whenOwned(dependencies, key, context, () => dependencies.runtime.execute(order));
  return { definition: hash === "" ? undefined : await dependencies.versions.find(reference, context) };
}

export async function archiveDefinition(
  dependencies: DefinitionDependencies,
  { name, hash, restore, reason }: ArchiveDefinitionRequest,
  context: CallContext,
): Promise<ArchiveDefinitionReply> {
  const key = keyOf(context.namespace, name);
  const order = { key, command: archive, body: { hash, restore }, cause: causeOf(context, reason) };
  const { changed } = await whenOwned(dependencies, key, context, () => dependencies.runtime.execute(order));
  return { changed, liveCount: await dependencies.liveRuns.count(context.namespace, name, hash) };
}
