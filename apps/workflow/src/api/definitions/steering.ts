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
import type { DefinitionDesk } from "./desk.ts";

export async function labelDefinition(
  desk: DefinitionDesk,
  { name, versionLabel: label, hash, reason }: LabelDefinitionRequest,
  context: CallContext,
): Promise<LabelDefinitionReply> {
  const key = keyOf(context.namespace, name);
  const reference = { name, version: { $case: "hash", value: hash } } as const;
  const searchLabels = hash === "" ? {} : (await desk.versions.find(reference, context)).labels;
  const body = { label, hash, searchLabels };
  const order = { key, command: point, body, cause: causeOf(context, reason) };
  await whenOwned(desk, key, context, () => desk.runtime.execute(order));
  return { definition: hash === "" ? undefined : await desk.versions.find(reference, context) };
}

export async function archiveDefinition(
  desk: DefinitionDesk,
  { name, hash, restore, reason }: ArchiveDefinitionRequest,
  context: CallContext,
): Promise<ArchiveDefinitionReply> {
  const key = keyOf(context.namespace, name);
  const order = { key, command: archive, body: { hash, restore }, cause: causeOf(context, reason) };
  const { changed } = await whenOwned(desk, key, context, () => desk.runtime.execute(order));
  return { changed, liveCount: await desk.liveRuns.count(context.namespace, name, hash) };
}
