/**
 * Lists and watches of work of one kind, out of the index. A list contains everything durable at its request, a watch
 * follows.
 */
import type { LabelSelector, TimeRange, WorkReference, WorkStatus } from "@tutti/contracts/types/v1";
import type { IndexEntry, LabelCondition, Search, SearchPage } from "@tutti/journal";
import { type CallContext, type Timestamp, toTimestamp } from "@tutti/kernel";
import { conditionsOf, spanOf } from "../../runtime/machines/list.ts";
import { everything, sizeOf } from "../machine-calls.ts";
import { type Changes, changesOf, type Named, type Watching } from "../named.ts";
import type { WatchMemory } from "../watch-memory.ts";
import type { LookupDependencies } from "./lookups.ts";

export interface LineDependencies extends LookupDependencies {
  readonly watches: WatchMemory;
}

/** Common parts of all filters. */
export interface WorkFilter {
  readonly statuses: readonly WorkStatus[];
  readonly definitions?: readonly string[];
  readonly labels: LabelSelector | undefined;
  readonly created: TimeRange | undefined;
  readonly ended: TimeRange | undefined;
  readonly text: string;
  readonly parent: WorkReference | undefined;
  readonly parents: readonly string[];
  readonly rootsOnly: boolean;
  readonly needsPerson: boolean;
}

/** The index entries of a kind of work. */
export interface Lines<Filter extends WorkFilter, Item> {
  readonly kind: string;
  /** Names of labels that the machine itself sets. */
  readonly labels: { readonly parent: string; readonly person: string };
  /** Labels that are not searched by their text: counts and marks. */
  readonly untold: ReadonlySet<string>;
  /** Returns the requested ids. Empty for any. */
  idsIn(filter: Filter): readonly string[];
  /** Returns the label conditions of this kind only. */
  conditions?(filter: Filter): readonly LabelCondition[];
  /** Checks conditions of this kind without a column in the index. */
  matches?(filter: Filter, entry: IndexEntry): boolean;
  itemOf(entry: IndexEntry): Item;
}

const pageMax = 1_000;
/** Maximum number of index pages for one page of the reply. */
const pagesMax = 20;

export interface LinesRequest<Filter> {
  readonly filter: Filter;
  readonly oldestFirst: boolean;
  readonly page: { readonly size: number; readonly token: string } | undefined;
}

export interface LinesPage<Item> {
  readonly items: Item[];
  readonly nextToken: string;
  readonly indexedTo: Timestamp;
}

export async function listLines<Filter extends WorkFilter, Item>(
  { archive }: Pick<LineDependencies, "archive">,
  lines: Lines<Filter, Item>,
  { filter, oldestFirst, page }: LinesRequest<Filter>,
  { namespace }: CallContext,
): Promise<LinesPage<Item>> {
  const size = sizeOf(page);
  const order = oldestFirst ? "started-ascending" : "started-descending";
  const search = { ...searchOf(lines, filter, namespace), order } as const;
  const items: Item[] = [];
  let cursor = page?.token ?? "";
  let indexedToMs = Number.POSITIVE_INFINITY;
  // Conditions without a column are checked for each entry, so that a page may need several of the index's.
  for (let pages = 0; pages < pagesMax && items.length < size; pages++) {
    const found: SearchPage = await archive.search({ ...search, limit: size - items.length, cursor });
    for (const entry of found.entries) if (matches(lines, filter, entry)) items.push(lines.itemOf(entry));
    ({ cursor } = found);
    // A line that became due between two pages is missing in the first.
    indexedToMs = Math.min(indexedToMs, found.indexedToMs);
    if (cursor === "") break;
  }
  return { items, nextToken: cursor, indexedTo: toTimestamp(Math.floor(indexedToMs)) };
}

/** Returns all matches, page by page of the index, with the time up to which the index is complete. */
export async function* matchingPages<Filter extends WorkFilter, Item>(
  { archive }: Pick<LineDependencies, "archive">,
  lines: Lines<Filter, Item>,
  filter: Filter,
  namespace: string,
): AsyncGenerator<MatchingPage, void> {
  const search = searchOf(lines, filter, namespace);
  let cursor = "";
  do {
    const page: SearchPage = await archive.search({ ...search, limit: pageMax, cursor });
    const entries = page.entries.filter((entry) => matches(lines, filter, entry));
    yield { entries, scanned: page.entries.length, indexedToMs: page.indexedToMs };
    ({ cursor } = page);
  } while (cursor !== "");
}

interface MatchingPage {
  readonly entries: readonly IndexEntry[];
  /** Number of entries read for them. */
  readonly scanned: number;
  readonly indexedToMs: number;
}

export interface LinesWatched<Filter> {
  readonly filter: Filter;
  /** The filter as bytes. */
  readonly about: Uint8Array;
  readonly cursor: string;
}

/**
 * Returns the newest thousand, then changes among them and new ones. From a cursor on, the changes since then.
 */
export function watchLines<Filter extends WorkFilter, Item>(
  dependencies: LineDependencies,
  lines: Lines<Filter, Item>,
  { filter, about, cursor }: LinesWatched<Filter>,
  context: CallContext,
  complete: (item: Item) => Promise<Item> = (item) => Promise.resolve(item),
): AsyncGenerator<Changes<Item>, void> {
  const search = { ...searchOf(lines, filter, context.namespace), order: "started-descending" } as const;
  const named: Named<Item, IndexEntry> = {
    async entries() {
      const found = await dependencies.archive.search({
        ...search,
        limit: pageMax,
        cursor: "",
        mayLag: true,
      });
      return new Map(found.entries.map((entry) => [entry.key.id, entry]));
    },
    async find(_id, entry) {
      return matches(lines, filter, entry) ? complete(lines.itemOf(entry)) : undefined;
    },
  };
  const watching = { cursor, ...aboutOf(lines.kind, about, context), memory: dependencies.watches };
  return changesOf(named, watching, dependencies.foundation, context.signal);
}

/** Returns the subject of a watch, with its caller. */
export function aboutOf(
  subject: string,
  filter: Uint8Array,
  { namespace, principal }: CallContext,
): Pick<Watching, "about" | "principal"> {
  const about = [subject, namespace, Buffer.from(filter).toString("base64")].join("\n");
  return { about, principal: principal.id };
}

function searchOf<Filter extends WorkFilter, Item>(
  lines: Lines<Filter, Item>,
  filter: Filter,
  namespace: string,
): Omit<Search, "limit" | "cursor"> {
  const { statuses, definitions = [], labels, created, ended, parent, parents } = filter;
  const { rootsOnly, needsPerson } = filter;
  const conditions: LabelCondition[] = labels === undefined ? [] : conditionsOf(labels);
  conditions.push(...(lines.conditions?.(filter) ?? []));
  if (parent !== undefined && parent.id !== "")
    conditions.push({ kind: "equals", name: lines.labels.parent, values: [`${parent.kind}/${parent.id}`] });
  if (parents.length > 0) conditions.push({ kind: "equals", name: lines.labels.parent, values: parents });
  if (rootsOnly) conditions.push({ kind: "absent", name: lines.labels.parent });
  if (needsPerson) conditions.push({ kind: "exists", name: lines.labels.person });
  return {
    ...everything,
    namespace,
    kinds: [lines.kind],
    statuses,
    labels: conditions,
    definition: definitions.length === 1 ? (definitions[0] ?? "") : "",
    startedMs: spanOf(created),
    endedMs: ended === undefined ? undefined : spanOf(ended),
  };
}

/** Checks conditions without a column in the index. */
function matches<Filter extends WorkFilter, Item>(
  lines: Lines<Filter, Item>,
  filter: Filter,
  entry: IndexEntry,
): boolean {
  const { definitions = [], text } = filter;
  const { key, labels, definition } = entry;
  if (definitions.length > 1 && !definitions.includes(definition)) return false;
  const ids = lines.idsIn(filter);
  if (ids.length > 0 && !ids.includes(key.id)) return false;
  if (lines.matches !== undefined && !lines.matches(filter, entry)) return false;
  const searchable = Object.entries(labels).flatMap(([name, value]) =>
    lines.untold.has(name) ? [] : [value],
  );
  return [key.id, ...searchable].join("\n").toLowerCase().includes(text.toLowerCase());
}

/** Returns the work named by a label about the starter: `run/nightly`. */
export function parentIn(label: string | undefined, namespace: string): WorkReference | undefined {
  if (label === undefined) return undefined;
  const slash = label.indexOf("/");
  return { namespace, kind: label.slice(0, slash), id: label.slice(slash + 1), task: "" };
}

/** Labels without those that the machine itself sets. */
export function labelsOf(
  labels: Readonly<Record<string, string>>,
  own: ReadonlySet<string>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !own.has(name)));
}
