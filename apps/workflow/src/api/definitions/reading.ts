import {
  type Definition,
  DefinitionFilter,
  type GetDefinitionReply,
  type GetDefinitionRequest,
  type ListDefinitionsReply,
  type ListDefinitionsRequest,
  type ListDefinitionVersionsReply,
  type ListDefinitionVersionsRequest,
  type WatchDefinitionsReply,
  type WatchDefinitionsRequest,
} from "@tutti/contracts/workflow/v1";
import { conditionsOf } from "@tutti/host";
import {
  aboutOf,
  allEntries,
  changesOf,
  type Named,
  pageOf,
  placeOfToken,
  sizeOf,
  tokenOfPlace,
} from "@tutti/host/serving";
import { type CallContext, isInternal } from "@tutti/kernel";
import { definitionErrors } from "@tutti/machine-entities/definition";
import type { DefinitionDependencies } from "./dependencies.ts";

const noReference = { name: "", version: undefined };

export async function getDefinition(
  { versions, liveRuns }: DefinitionDependencies,
  { definition: reference = noReference, withSource, withoutLiveCount }: GetDefinitionRequest,
  context: CallContext,
): Promise<GetDefinitionReply> {
  const definition = await versions.findHere(reference, context);
  if (!withoutLiveCount)
    definition.liveCount = await liveRuns.count(context.namespace, definition.name, definition.hash);
  if (withSource) definition.source = await versions.findSourceHere(reference, context);
  return { definition };
}

export async function listDefinitions(
  dependencies: DefinitionDependencies,
  { filter = DefinitionFilter.create(), page }: ListDefinitionsRequest,
  context: CallContext,
): Promise<ListDefinitionsReply> {
  const { items, nextToken } = await pageOf(definitionsBy(dependencies, filter, context), page);
  const { liveRuns } = dependencies;
  for (const each of items) each.liveCount = await liveRuns.count(context.namespace, each.name, "");
  return { definitions: items, page: { nextToken } };
}

export async function* watchDefinitions(
  dependencies: DefinitionDependencies,
  { filter = DefinitionFilter.create(), cursor }: WatchDefinitionsRequest,
  context: CallContext,
): AsyncGenerator<WatchDefinitionsReply, void> {
  const named = definitionsBy(dependencies, filter, context);
  const about = aboutOf("definition", DefinitionFilter.encode(filter).finish(), context);
  const watching = { cursor, ...about, memory: dependencies.watches };
  for await (const { changed, removed, ...place } of changesOf(
    named,
    watching,
    dependencies.foundation,
    context.signal,
  ))
    yield { definitions: changed, removedNames: removed, ...place };
}

export async function listDefinitionVersions(
  { versions, liveRuns }: DefinitionDependencies,
  { name, liveOnly, page }: ListDefinitionVersionsRequest,
  context: CallContext,
): Promise<ListDefinitionVersionsReply> {
  const count = sizeOf(page);
  const from = placeOfToken(page?.token ?? "");
  const { definitions, total } = await versions.list(name, { from, count }, context);
  const next = from + definitions.length;
  for (const each of definitions) each.liveCount = await liveRuns.count(context.namespace, name, each.hash);
  return {
    versions: definitions.filter(({ liveCount }) => !liveOnly || liveCount > 0),
    page: { nextToken: next < total ? tokenOfPlace(next) : "", total },
  };
}

/** Reads names from the index, and the definitions themselves in their latest versions. */
function definitionsBy(
  dependencies: DefinitionDependencies,
  filter: DefinitionFilter,
  context: CallContext,
): Named<Definition> {
  const { prefix, labels } = filter;
  return {
    async entries() {
      const entries = await allEntries(dependencies, {
        namespace: context.namespace,
        kinds: ["definition"],
        idPrefix: prefix,
        labels: labels === undefined ? [] : conditionsOf(labels),
      });
      return new Map(entries.map((entry) => [entry.key.id, entry]));
    },
    async find(name) {
      try {
        const found = await dependencies.versions.find({ name, version: undefined }, context);
        return matchesFilter(filter, found) ? found : undefined;
      } catch (error) {
        if (definitionErrors.missing.is(error)) return undefined;
        throw error;
      }
    },
  };
}

/** Checks the conditions that only the definition itself can answer. */
function matchesFilter(filter: DefinitionFilter, definition: Definition): boolean {
  const { prefix, kinds, uses, templates, archived, text } = filter;
  if (isInternal(definition) && prefix !== definition.name) return false;
  if (!archived && definition.archived) return false;
  if (templates && definition.parameterSchema === "") return false;
  if (kinds.length > 0 && !kinds.includes(definition.kind)) return false;
  if (uses !== "" && !definition.uses.includes(uses)) return false;
  const searchText = text.toLowerCase();
  return `${definition.name}\n${definition.description}`.toLowerCase().includes(searchText);
}
