import type { IndexEntry, Search, SearchPage } from "../port.ts";
import { cursorOf, orderOf, type Rank, type RankOrder, rankOf } from "../search/order.ts";
import { decodeColumn } from "./columns.ts";
import { type BlockInfo, bitOf, state } from "./index/block-info.ts";
import { columnsOfPart, part, textOf } from "./index/block-parts.ts";
import type { Blocks } from "./index/blocks.ts";
import { entryAt, field, plainText, textEdge } from "./index/lines.ts";
import { LabelFilter, noLines } from "./label-search.ts";

/** A line of the present page. */
interface Candidate extends Rank {
  readonly block: BlockInfo;
  readonly line: number;
}

/**
 * Searches the blocks. Blocks that can have the earliest lines of the order come first. The search ends when no other
 * block can have a line of the page. Blocks of released partitions are skipped. The words of each block are read first,
 * and the rest only if the block has the wanted words.
 */
export function searchBlocks(
  blocks: Blocks,
  search: Search,
  released: ReadonlySet<number>,
): Omit<SearchPage, "indexedToMs"> {
  const order = orderOf(search);
  const page = new Page(order, search.limit + 1);
  const after = rankOf(search);
  const compiled = compile(search);
  const candidates = [...blocks.all()]
    .filter((block) => !released.has(block.partition) && mayHave(block, search, compiled, after))
    .map((block) => ({ block, best: bestOf(block, search) }))
    .sort((one, other) => order(one.best, other.best));
  for (const { block, best } of candidates) {
    if (page.isClosedTo(best)) break;
    searchBlock(blocks, block, search, compiled, after, page);
  }
  const found = page.inOrder();
  const listed = found.slice(0, search.limit);
  const last = listed.at(-1);
  const cursor = last === undefined || found.length <= search.limit ? "" : cursorOf(search, last);
  return { entries: entriesOf(blocks, listed), cursor };
}

interface Compiled {
  readonly namespace: string;
  readonly kinds: readonly string[];
  readonly definition: string;
  readonly statuses: number;
  readonly labels: LabelFilter;
  /** Required prefix of an id, and the same prefix after a separator. */
  readonly idPrefix: string;
  readonly joinedPrefix: Buffer;
}

function compile({ namespace, kinds, definition, statuses, labels, idPrefix }: Search): Compiled {
  return {
    namespace: plainText(namespace),
    kinds: kinds.map(plainText),
    definition: plainText(definition),
    statuses: statuses.reduce((bits: number, status) => bits | bitOf(status), 0),
    labels: new LabelFilter(labels),
    idPrefix: plainText(idPrefix),
    joinedPrefix: Buffer.from(`${textEdge}${plainText(idPrefix)}`),
  };
}

function mayHave(block: BlockInfo, search: Search, { statuses }: Compiled, after: Rank | undefined): boolean {
  const { startedMs, endedMs, order } = search;
  if (block.dropped === block.count || (statuses !== 0 && (block.statuses & statuses) === 0)) return false;
  if (block.maxStart < startedMs.from || block.minStart >= startedMs.to) return false;
  if (endedMs !== undefined && (block.maxEnd < endedMs.from || block.minEnd >= endedMs.to)) return false;
  if (after === undefined) return true;
  if (order === "started-ascending") return block.maxStart >= after.timeMs;
  return (order === "ended-descending" ? block.minEnd : block.minStart) <= after.timeMs;
}

/** Returns the earliest place in the order that a line of the block could have. */
function bestOf(block: BlockInfo, { order }: Search): Rank {
  if (order === "started-ascending") return { timeMs: block.minStart, partition: -1, incarnation: 0 };
  const timeMs = order === "ended-descending" ? block.maxEnd : block.maxStart;
  return { timeMs, partition: Number.POSITIVE_INFINITY, incarnation: 0 };
}

const scratch = Array.from({ length: 7 }, () => new Float64Array(4_096));

function searchBlock(
  blocks: Blocks,
  block: BlockInfo,
  search: Search,
  compiled: Compiled,
  after: Rank | undefined,
  page: Page,
): void {
  const words = blocks.parts.text(block.id, part.words).split(textEdge);
  const matching = matchingWords(words, compiled);
  if (matching === undefined) return;
  const labelled = compiled.labels.among(blocks.parts, block.id, words);
  if (labelled === noLines) return;
  const withPrefix = linesWithPrefix(blocks, block, compiled);
  if (withPrefix === noLines) return;
  const scan = blocks.parts.bytes(block.id, part.scan);
  const column = (index: number): Float64Array => {
    const at = (columnsOfPart[part.scan] as readonly number[]).indexOf(index);
    return decodeColumn(scan, at, scratch[at]);
  };
  // Label conditions usually match few lines: then nothing else of the other lines is read.
  const labels = labelled === undefined ? undefined : column(field.labels);
  if (labels !== undefined && !labels.some((number) => labelled?.[number] === 1)) return;
  const [namespaces, kinds, statuses] = [column(field.namespace), column(field.kind), column(field.status)];
  const definitions = column(field.definition);
  const [starts, ends] = [column(field.start), column(field.end)];
  const times = search.order === "ended-descending" ? ends : starts;
  const { startedMs, endedMs } = search;
  let incarnations: Float64Array | undefined;
  for (let line = 0; line < block.count; line++) {
    if (
      block.states[line] !== state.present ||
      (labels !== undefined && labelled?.[labels[line] as number] !== 1) ||
      matching.namespaces[namespaces[line] as number] !== 1 ||
      matching.kinds[kinds[line] as number] !== 1 ||
      matching.definitions[definitions[line] as number] !== 1 ||
      (compiled.statuses !== 0 && (compiled.statuses & bitOf(statuses[line] as number)) === 0)
    ) {
      continue;
    }
    const startMs = starts[line] as number;
    const endMs = ends[line] as number;
    if (startMs < startedMs.from || startMs >= startedMs.to) continue;
    if (endedMs !== undefined && (endMs === 0 || endMs < endedMs.from || endMs >= endedMs.to)) continue;
    if (withPrefix !== undefined && withPrefix[line] !== 1) continue;
    incarnations ??= blocks.parts.column(block.id, part.keys, field.incarnation);
    const { partition } = block;
    const rank = { timeMs: times[line] as number, partition, incarnation: incarnations[line] as number };
    if (after !== undefined && page.order(after, rank) >= 0) continue;
    page.offer({ ...rank, block, line });
  }
}

/** Flags the matching words of a block. Undefined if no line can match. */
function matchingWords(words: readonly string[], { namespace, kinds, definition }: Compiled) {
  const flagsOf = (terms: readonly string[]): Uint8Array => {
    const flags = new Uint8Array(words.length).fill(terms.length === 0 ? 1 : 0);
    for (const word of terms) {
      const at = words.indexOf(word);
      if (at >= 0) flags[at] = 1;
    }
    return flags;
  };
  const namespaces = flagsOf(namespace === "" ? [] : [namespace]);
  const matchingKinds = flagsOf(kinds);
  const definitions = flagsOf(definition === "" ? [] : [definition]);
  if (!namespaces.includes(1) || !matchingKinds.includes(1) || !definitions.includes(1)) return;
  return { namespaces, kinds: matchingKinds, definitions };
}

/** Returns the lines whose id has the prefix. Undefined if all match. */
function linesWithPrefix(
  blocks: Blocks,
  block: BlockInfo,
  { idPrefix, joinedPrefix }: Compiled,
): Uint8Array | undefined {
  if (idPrefix === "") return;
  const bytes = blocks.parts.buffer(block.id, part.ids);
  const isFirst = bytes.indexOf(joinedPrefix.subarray(1)) === 0;
  if (!isFirst && !bytes.includes(joinedPrefix)) return noLines;
  const lines = new Uint8Array(block.count);
  let line = 0;
  for (const id of textOf(bytes).split(textEdge)) lines[line++] = id.startsWith(idPrefix) ? 1 : 0;
  return lines;
}

/** Keeps the earliest candidates. */
class Page {
  readonly order: RankOrder;
  readonly #limit: number;
  #found: Candidate[] = [];
  /** The last candidate of the page. Undefined while there is room. */
  #worst: Candidate | undefined;

  constructor(order: RankOrder, limit: number) {
    this.order = order;
    this.#limit = limit;
  }

  offer(candidate: Candidate): void {
    if (this.#worst !== undefined && this.order(this.#worst, candidate) <= 0) return;
    this.#found.push(candidate);
    if (this.#found.length >= this.#limit * 2 + 64) this.#trim();
    else if (this.#worst === undefined && this.#found.length === this.#limit) this.#trim();
  }

  /** Returns whether no candidate at or behind this place can still enter the page. */
  isClosedTo(rank: Rank): boolean {
    if (this.#found.length >= this.#limit) this.#trim();
    return this.#worst !== undefined && this.order(this.#worst, rank) < 0;
  }

  inOrder(): readonly Candidate[] {
    this.#trim();
    return this.#found;
  }

  #trim(): void {
    this.#found.sort(this.order);
    this.#found = this.#found.slice(0, this.#limit);
    this.#worst = this.#found.length === this.#limit ? this.#found.at(-1) : undefined;
  }
}

function entriesOf(blocks: Blocks, found: readonly Candidate[]): IndexEntry[] {
  const byBlock = Map.groupBy(found, ({ block }) => block.id);
  const entries = new Map<Candidate, IndexEntry>();
  for (const [block, candidates] of byBlock) {
    const lines = blocks.parts.some(
      block,
      candidates.map(({ line }) => line),
    );
    for (const [index, candidate] of candidates.entries()) entries.set(candidate, entryAt(lines, index));
  }
  return found.flatMap((candidate) => entries.get(candidate) ?? []);
}
