import type { InstanceKey } from "@tutti/kernel";
import type { IndexEntry, RecordPlace } from "../../port.ts";
import { keyHash } from "../key-hash.ts";

/** The numbers of a line, one column each. */
export const field = {
  /** Position among all lines of the partition, set by the store. */
  version: 0,
  incarnation: 1,
  hash: 2,
  namespace: 3,
  kind: 4,
  definition: 5,
  labels: 6,
  status: 7,
  start: 8,
  end: 9,
  events: 10,
  lastBatch: 11,
  lastIndex: 12,
  keepUntil: 13,
  idKeptUntil: 14,
  actor: 15,
  /** 1 if it has a row in `instance`. */
  hasRow: 16,
} as const;

export const fields = 17;

/**
 * Lines of the index, column by column, for commits and blocks. Repeated texts (all but the ids) are numbers in the
 * columns. All texts are in their plain form, see `plainText`.
 */
export interface Lines {
  readonly count: number;
  /** Field f of line i is at f × count + i. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** Namespaces, kinds and definitions. */
  readonly words: readonly string[];
  /** All labels of a line in one text. See `labelText`. */
  readonly labels: readonly string[];
  readonly ids: readonly string[];
  readonly actors: readonly Uint8Array[];
}

export function columnOf({ count, numbers }: Lines, index: number): Float64Array<ArrayBuffer> {
  return numbers.subarray(index * count, (index + 1) * count);
}

export function numberAt({ count, numbers }: Lines, index: number, line: number): number {
  return numbers[index * count + line] ?? 0;
}

/**
 * Makes lines of entries, the fields in the order of their numbers. Values that repeat from entry to entry are looked
 * up once.
 */
export class LineWriter {
  readonly #words = new Words();
  readonly #names = new Map<string, number>();
  readonly #labels = new Words();
  readonly #actors: Uint8Array[] = [];
  readonly #actorNumbers = new Map<string, number>();
  #lastActor: Uint8Array | undefined;
  #lastActorNumber = 0;

  write(entries: readonly IndexEntry[]): Lines {
    const count = entries.length;
    const numbers = new Float64Array(fields * count);
    const ids = new Array<string>(count);
    for (let line = 0; line < count; line++) {
      const entry = entries[line] as IndexEntry;
      const { key, last } = entry;
      ids[line] = plainText(key.id);
      numbers[line + count] = entry.incarnation;
      numbers[line + 2 * count] = keyHash(key);
      numbers[line + 3 * count] = this.#name(key.namespace);
      numbers[line + 4 * count] = this.#name(key.kind);
      numbers[line + 5 * count] = this.#name(entry.definition);
      numbers[line + 6 * count] = this.#labels.number(labelText(entry.labels));
      numbers[line + 7 * count] = entry.status;
      numbers[line + 8 * count] = entry.startMs;
      numbers[line + 9 * count] = entry.endMs;
      numbers[line + 10 * count] = entry.events;
      numbers[line + 11 * count] = last.batch;
      numbers[line + 12 * count] = last.index;
      numbers[line + 13 * count] = entry.keepUntilMs;
      numbers[line + 14 * count] = entry.idKeptUntilMs;
      numbers[line + 15 * count] = this.#actor(entry.startedBy);
    }
    return { count, numbers, words: this.#words.all, labels: this.#labels.all, ids, actors: this.#actors };
  }

  #name(name: string): number {
    let number = this.#names.get(name);
    if (number === undefined) {
      number = this.#words.number(plainText(name));
      this.#names.set(name, number);
    }
    return number;
  }

  #actor(bytes: Uint8Array): number {
    if (bytes === this.#lastActor) return this.#lastActorNumber;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    let number = this.#actorNumbers.get(text);
    if (number === undefined) {
      number = this.#actors.push(new Uint8Array(bytes)) - 1;
      this.#actorNumbers.set(text, number);
    }
    this.#lastActor = bytes;
    this.#lastActorNumber = number;
    return number;
  }
}

/** Texts and their numbers. */
class Words {
  readonly all: string[] = [];
  readonly #numbers = new Map<string, number>();

  number(word: string): number {
    let number = this.#numbers.get(word);
    if (number === undefined) {
      number = this.all.push(word) - 1;
      this.#numbers.set(word, number);
    }
    return number;
  }
}

/** Separates labels, and the name of a label from its value. */
export const labelEdge = "\u0001";
export const labelMiddle = "\u0000";
/** Separates joined texts. */
export const textEdge = "\u0003";
const escaped = "\u0002";
/** Represents an omitted value. It is never a text by itself. */
export const various = escaped;

/** Returns labels as one text, in which a label is found by a search for a part: `edge name middle value edge`. */
function labelText(labels: Readonly<Record<string, string>>): string {
  let text = "";
  for (const name in labels) {
    text += `${text === "" ? labelEdge : ""}${plainText(name)}${labelMiddle}${plainText(labels[name] ?? "")}${labelEdge}`;
  }
  return text;
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const label of text.split(labelEdge)) {
    const middle = label.indexOf(labelMiddle);
    if (middle >= 0) labels[unplain(label.slice(0, middle))] = unplain(label.slice(middle + 1));
  }
  return labels;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these separate texts
const edges = /[\u0000-\u0003]/;

/** Returns a text without separator characters. Usually that is the text itself. */
export function plainText(text: string): string {
  if (!edges.test(text)) return text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
  return text.replace(/[\u0000-\u0003]/g, (edge) => `${escaped}${edge.charCodeAt(0)}`);
}

function unplain(text: string): string {
  if (!text.includes(escaped)) return text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
  return text.replace(/\u0002(\d)/g, (_, code: string) => String.fromCharCode(Number(code)));
}

export function keyAt(lines: Lines, line: number): InstanceKey {
  return {
    namespace: unplain(lines.words[numberAt(lines, field.namespace, line)] ?? ""),
    kind: unplain(lines.words[numberAt(lines, field.kind, line)] ?? ""),
    id: unplain(lines.ids[line] ?? ""),
  };
}

export function lastAt(lines: Lines, line: number): RecordPlace {
  return { batch: numberAt(lines, field.lastBatch, line), index: numberAt(lines, field.lastIndex, line) };
}

export function entryAt(lines: Lines, line: number): IndexEntry {
  const at = (index: number): number => numberAt(lines, index, line);
  return {
    key: keyAt(lines, line),
    incarnation: at(field.incarnation),
    // The cast: these numbers were statuses when they were written.
    status: at(field.status) as IndexEntry["status"],
    definition: unplain(lines.words[at(field.definition)] ?? ""),
    labels: labelsOf(lines.labels[at(field.labels)] ?? ""),
    startMs: at(field.start),
    endMs: at(field.end),
    events: at(field.events),
    last: lastAt(lines, line),
    startedBy: lines.actors[at(field.actor)] ?? new Uint8Array(0),
    keepUntilMs: at(field.keepUntil),
    idKeptUntilMs: at(field.idKeptUntil),
  };
}

/** Joins some of the lines of several sources, to make or merge blocks. */
export function joined(
  parts: readonly { readonly lines: Lines; readonly chosen: readonly number[] }[],
): Lines {
  const count = parts.reduce((sum, { chosen }) => sum + chosen.length, 0);
  const numbers = new Float64Array(fields * count);
  const ids: string[] = [];
  const words = new Words();
  const labels = new Words();
  const actors: Uint8Array[] = [];
  let offset = 0;
  for (const { lines, chosen } of parts) {
    const wordNumber = renumbered(words, lines.words);
    const labelNumber = renumbered(labels, lines.labels);
    const actorNumbers = joinActors(actors, lines.actors);
    const numberOf = (index: number, value: number): number => {
      if (index < field.namespace || index > field.labels) {
        return index === field.actor ? (actorNumbers[value] ?? 0) : value;
      }
      return index === field.labels ? labelNumber(value) : wordNumber(value);
    };
    for (let index = 0; index < fields; index++) {
      const from = index * lines.count;
      const to = index * count + offset;
      const isPlain = (index < field.namespace || index > field.labels) && index !== field.actor;
      for (let line = 0; line < chosen.length; line++) {
        const value = lines.numbers[from + (chosen[line] as number)] as number;
        numbers[to + line] = isPlain ? value : numberOf(index, value);
      }
    }
    for (const line of chosen) ids.push(lines.ids[line] ?? "");
    offset += chosen.length;
  }
  return { count, numbers, words: words.all, labels: labels.all, ids, actors };
}

/** Returns the numbers that texts of one list have in another. Unused ones are not added. */
function renumbered(target: Words, source: readonly string[]): (number: number) => number {
  const known = new Float64Array(source.length).fill(-1);
  return (number) => {
    const before = known[number] as number;
    if (before >= 0) return before;
    const after = target.number(source[number] ?? "");
    known[number] = after;
    return after;
  };
}

/** Adds missing actors, and returns the numbers of all. */
function joinActors(all: Uint8Array[], more: readonly Uint8Array[]): number[] {
  return more.map((actor) => {
    const known = all.findIndex((one) => Buffer.compare(one, actor) === 0);
    return known >= 0 ? known : all.push(actor) - 1;
  });
}
