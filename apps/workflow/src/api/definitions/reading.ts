import {
  type Definition,
  DefinitionFilter,
  type GetDefinitionReply,
  type GetDefinitionRequest,
  type ListDefinitionsReply,
  type ListDefinitionsRequest,
  type ListDefinitionVersionsReply,
  type ListDefinitionVersionsRequest,
} from "@tutti/contracts/workflow/v1";
import { conditionsOf } from "@tutti/host";
import type { IndexEntry, Search } from "@tutti/journal";
import { type CallContext, kernelErrors } from "@tutti/kernel";
import { definitionErrors } from "@tutti/machine-definition";
import type { DefinitionDesk } from "./desk.ts";

const pageDefault = 100;
const pageMax = 1_000;
const noReference = { name: "", version: undefined };

export async function getDefinition(
  { versions, liveRuns }: DefinitionDesk,
  { definition: reference = noReference, withSource }: GetDefinitionRequest,
  context: CallContext,
): Promise<GetDefinitionReply> {
  const definition = await versions.find(reference, context);
  definition.liveCount = await liveRuns.count(context.namespace, definition.name, definition.hash);
  if (withSource) definition.source = await versions.findSource(reference, context);
  return { definition };
}

/** Names come from the index, which is at most a second behind; what they are, from the definitions themselves. */
export async function listDefinitions(
  desk: DefinitionDesk,
  { filter = DefinitionFilter.create(), page }: ListDefinitionsRequest,
  context: CallContext,
): Promise<ListDefinitionsReply> {
  const size = Math.min(page?.size || pageDefault, pageMax);
  const after = page?.token ?? "";
  const names = (await entriesOf(desk, filter, context.namespace))
    .map(({ key }) => key.id)
    .filter((name) => name > after)
    .sort();
  const definitions: Definition[] = [];
  let looked = 0;
  for (const name of names) {
    if (definitions.length === size) break;
    looked++;
    const found = await latestOf(desk, name, context);
    if (found !== undefined && fits(filter, found)) definitions.push(found);
  }
  const nextToken = looked < names.length ? (names[looked - 1] ?? "") : "";
  return { definitions, page: { nextToken } };
}

export async function listDefinitionVersions(
  { versions, liveRuns }: DefinitionDesk,
  { name, liveOnly, page }: ListDefinitionVersionsRequest,
  context: CallContext,
): Promise<ListDefinitionVersionsReply> {
  const count = Math.min(page?.size || pageDefault, pageMax);
  const from = placeOf(page?.token ?? "");
  const { definitions, total } = await versions.list(name, { from, count }, context);
  const next = from + definitions.length;
  for (const each of definitions) each.liveCount = await liveRuns.count(context.namespace, name, each.hash);
  return {
    versions: definitions.filter(({ liveCount }) => !liveOnly || liveCount > 0),
    page: { nextToken: next < total ? `a${next}` : "", total },
  };
}

/** All definitions that the index has, by what the index knows. */
export async function entriesOf(
  { archive }: DefinitionDesk,
  { prefix, labels }: Pick<DefinitionFilter, "prefix" | "labels">,
  namespace: string,
): Promise<readonly IndexEntry[]> {
  const search: Omit<Search, "cursor"> = {
    ...{ namespace, kinds: ["definition"], statuses: [], definition: "", idPrefix: prefix },
    labels: labels === undefined ? [] : conditionsOf(labels),
    ...{ startedMs: { from: 0, to: Number.POSITIVE_INFINITY }, endedMs: undefined },
    ...{ order: "started-ascending", limit: pageMax },
  };
  const all: IndexEntry[] = [];
  let cursor = "";
  do {
    const found = await archive.search({ ...search, cursor });
    all.push(...found.entries);
    ({ cursor } = found);
  } while (cursor !== "");
  return all;
}

/** Undefined when it is gone by now. */
export async function latestOf(
  { versions }: DefinitionDesk,
  name: string,
  context: CallContext,
): Promise<Definition | undefined> {
  try {
    return await versions.find({ name, version: undefined }, context);
  } catch (error) {
    if (definitionErrors.missing.is(error)) return undefined;
    throw error;
  }
}

/** What only the definition itself knows. */
export function fits(filter: DefinitionFilter, definition: Definition): boolean {
  const { kinds, uses, templates, archived, text } = filter;
  if (!archived && definition.archived) return false;
  if (templates && definition.parameterSchema === "") return false;
  if (kinds.length > 0 && !kinds.includes(definition.kind)) return false;
  if (uses !== "" && !definition.uses.includes(uses)) return false;
  const wanted = text.toLowerCase();
  return `${definition.name}\n${definition.description}`.toLowerCase().includes(wanted);
}

// The leading letter is the version of the token's form.
function placeOf(token: string): number {
  if (token === "") return 0;
  if (/^a\d{1,9}$/.test(token)) return Number(token.slice(1));
  const message = `expected the token of the page before, found ${token}`;
  throw kernelErrors.pageTokenInvalid(undefined, { violations: [{ field: "page.token", message }] });
}
