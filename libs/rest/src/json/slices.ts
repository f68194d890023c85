/**
 * Reads and writes large JSON documents in slices, so that the process handles other requests meanwhile. A text of 4
 * MiB with 250,000 keys takes `JSON.parse` up to a second, in which nothing else happens.
 *
 * 1. The result is that of `parseExactly`, or an error if that throws one.
 * 2. A slice is as long as `sliceChars`, unless one text or one number is longer.
 * 3. Scanning finds brackets and commas. Everything else is left to `JSON.parse`, which gets whole members of one
 *    container.
 * 4. A container that is read in several slices is open in `#frames`, as are all containers around it.
 */
import { type Defer, inTurns, systemDefer, turnForOthers } from "@tutti/kernel";
import { depthMax, isTooDeep, parseExactly } from "./exact.ts";

/** About 1 ms on one core. */
const sliceChars = 32_768;

/**
 * Texts of containers that were read in slices: writing such a value again would take as long as reading it.
 */
const sources = new WeakMap<object, () => string>();

/** Returns the text that a large value was read from. */
export function sourceOf(value: unknown): string | undefined {
  return typeof value === "object" && value !== null ? sources.get(value)?.() : undefined;
}

/**
 * Parses a document in slices. Other requests run between two slices. Throws `SyntaxError`, also if the nesting is too
 * deep.
 */
export async function parseInTurns(text: string, defer: Defer = systemDefer): Promise<unknown> {
  if (text.length <= sliceChars) {
    if (isTooDeep(text)) throw tooDeep();
    return parseExactly(text);
  }
  return inTurns(new SliceReader(text).read(), defer);
}

/**
 * Returns the text that `JSON.stringify` writes of an object, in slices. Other requests run between two
 * slices.
 */
export async function writeInTurns(value: object, defer: Defer = systemDefer): Promise<string> {
  let text = "";
  let sliceFrom = 0;
  for (const part of partsOf(value)) {
    text += part;
    if (text.length - sliceFrom < sliceChars) continue;
    sliceFrom = text.length;
    await turnForOthers(defer);
  }
  return text;
}

/** Maximum number of members in one call of `JSON.stringify`. */
const membersMax = 64;
/** Maximum depth of large lists in a response, apart from data of users. */
const writtenDepthMax = 4;

/** A list whose entries are created when they are written, so that other requests run between them. */
export class LateList<T> {
  readonly #entries: readonly T[];
  readonly #entryOf: (entry: T) => unknown;

  constructor(entries: readonly T[], entryOf: (entry: T) => unknown) {
    this.#entries = entries;
    this.#entryOf = entryOf;
  }

  toJSON(): unknown[] {
    return this.#entries.map(this.#entryOf);
  }

  *parts(): Generator<string, void> {
    yield "[";
    for (let at = 0; at < this.#entries.length; at += membersMax) {
      const members = this.#entries.slice(at, at + membersMax).map(this.#entryOf);
      yield (at === 0 ? "" : ",") + JSON.stringify(members).slice(1, -1);
    }
    yield "]";
  }
}

function* partsOf(value: object, depth = 0): Generator<string, void> {
  if (value instanceof LateList) return yield* value.parts();
  const isList = Array.isArray(value);
  const keys = Object.keys(value);
  const isLeaf = depth === writtenDepthMax || keys.length === 0 || JSON.isRawJSON(value) || "toJSON" in value;
  if (isLeaf) return yield JSON.stringify(value);
  let separator = isList ? "[" : "{";
  if (keys.length > membersMax) {
    for (let at = 0; at < keys.length; at += membersMax) {
      const names = keys.slice(at, at + membersMax);
      const members = isList ? value.slice(at, at + membersMax) : picked(value, names);
      const written = JSON.stringify(members).slice(1, -1);
      if (written === "") continue;
      yield separator + written;
      separator = ",";
    }
  } else {
    for (const key of keys) {
      const member = (value as Readonly<Record<string, unknown>>)[key];
      const isOpened = typeof member === "object" && member !== null;
      const written = isOpened ? "" : JSON.stringify(member);
      if (written === undefined && !isList) continue;
      yield `${separator}${isList ? "" : `${JSON.stringify(key)}:`}${written ?? "null"}`;
      separator = ",";
      if (isOpened) yield* partsOf(member, depth + 1);
    }
  }
  if (separator !== ",") yield separator;
  yield isList ? "]" : "}";
}

function picked(value: object, names: readonly string[]): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  for (const name of names) setOwn(members, name, (value as Readonly<Record<string, unknown>>)[name]);
  return members;
}

/** Thrown for valid JSON beyond the limits. The message completes "found …". */
export class JsonLimitError extends SyntaxError {}

const tooDeep = (): JsonLimitError => new JsonLimitError("one that is nested too deep");

/** Maximum number of containers. The garbage collector visits each: two million take it 0.3 s at once. */
const containersMax = 200_000;

interface Frame {
  readonly isList: boolean;
  readonly start: number;
  /** Start of the members that have not been parsed yet. */
  unreadFrom: number;
  memberFrom: number;
  /** Set as soon as a slice ends in the container. */
  value: unknown[] | Record<string, unknown> | undefined;
  /** Whether the member since the last comma was read in slices: only a comma or the end may follow. */
  isMemberRead: boolean;
}

class SliceReader {
  readonly #text: string;
  readonly #frames: Frame[] = [];
  #sliceFrom = 0;
  #containers = 0;
  #root: { readonly value: unknown; readonly end: number } | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  *read(): Generator<undefined, unknown> {
    const text = this.#text;
    for (let at = 0; at < text.length; at++) {
      switch (text.charCodeAt(at)) {
        case 0x22: {
          const end = endOfString(text, at);
          // Scanned in this turn, parsed in another one.
          if (end - at > sliceChars) yield;
          at = end;
          break;
        }
        case 0x5b:
          this.#open(at, true);
          break;
        case 0x7b:
          this.#open(at, false);
          break;
        case 0x5d:
          this.#close(at, true);
          break;
        case 0x7d:
          this.#close(at, false);
          break;
        case 0x2c:
          if (this.#comma(at)) yield;
      }
    }
    if (this.#frames.length > 0) throw malformed(text.length);
    // One text or one number, or a container with one member of this kind.
    if (this.#root === undefined) return this.#parsed(text, 0);
    this.#requireBlank(this.#root.end, text.length);
    return this.#root.value;
  }

  #open(start: number, isList: boolean): void {
    if (this.#frames.length >= depthMax) throw tooDeep();
    if (++this.#containers > containersMax)
      throw new JsonLimitError(`one with more than ${containersMax} lists and objects`);
    const inside = { unreadFrom: start + 1, memberFrom: start + 1, value: undefined, isMemberRead: false };
    this.#frames.push({ isList, start, ...inside });
  }

  /** Returns whether a slice ends here. */
  #comma(at: number): boolean {
    const frame = this.#frames.at(-1);
    if (frame === undefined) throw malformed(at);
    const isFull = at - this.#sliceFrom > sliceChars;
    if (isFull || frame.isMemberRead) {
      this.#enter();
      this.#readMembers(frame, at);
      frame.unreadFrom = at + 1;
    }
    frame.memberFrom = at + 1;
    frame.isMemberRead = false;
    if (isFull) this.#sliceFrom = at;
    return isFull;
  }

  #close(at: number, isList: boolean): void {
    const frame = this.#frames.pop();
    if (frame?.isList !== isList) throw malformed(at);
    // Parsed together with its enclosing container.
    if (frame.value === undefined) return;
    this.#readMembers(frame, at);
    const { value, start } = frame;
    sources.set(value, () => this.#text.slice(start, at + 1));
    const around = this.#frames.at(-1);
    if (around === undefined) {
      if (this.#root !== undefined) throw malformed(at);
      this.#requireBlank(0, start);
      this.#root = { value, end: at + 1 };
    } else {
      around.isMemberRead = true;
      around.unreadFrom = at + 1;
    }
  }

  /** Creates the value of each open container, with the members before the open one. */
  #enter(): void {
    for (const [depth, frame] of this.#frames.entries()) {
      if (frame.value !== undefined) continue;
      frame.value = frame.isList ? [] : {};
      const around = this.#frames[depth - 1];
      if (around !== undefined) this.#attach(around, frame);
    }
  }

  #attach(around: Frame, { start, value }: Frame): void {
    if (around.isMemberRead) throw malformed(start);
    const { memberFrom } = around;
    if (around.unreadFrom < memberFrom) this.#readMembers(around, memberFrom - 1);
    if (Array.isArray(around.value)) {
      this.#requireBlank(memberFrom, start);
      around.value.push(value);
      return;
    }
    const colon = this.#text.lastIndexOf(":", start);
    if (colon < memberFrom) throw malformed(start);
    this.#requireBlank(colon + 1, start);
    const key = this.#parsed(this.#text.slice(memberFrom, colon), memberFrom);
    if (typeof key !== "string") throw malformed(memberFrom);
    setOwn(around.value as Record<string, unknown>, key, value);
  }

  /** Parses the pending members, up to a comma or the end of the container. */
  #readMembers({ value, unreadFrom, isMemberRead }: Frame, end: number): void {
    if (isMemberRead) {
      this.#requireBlank(unreadFrom, end);
      return;
    }
    const members = this.#text.slice(unreadFrom, end);
    if (isBlank(members)) throw malformed(end);
    if (Array.isArray(value)) {
      for (const member of this.#parsed(`[${members}]`, unreadFrom) as unknown[]) value.push(member);
      return;
    }
    const read = this.#parsed(`{${members}}`, unreadFrom) as Readonly<Record<string, unknown>>;
    for (const key of Object.keys(read)) setOwn(value as Record<string, unknown>, key, read[key]);
  }

  #parsed(text: string, at: number): unknown {
    try {
      return parseExactly(text);
    } catch {
      throw malformed(at);
    }
  }

  #requireBlank(from: number, to: number): void {
    if (!isBlank(this.#text.slice(from, to))) throw malformed(from);
  }
}

function malformed(at: number): SyntaxError {
  return new SyntaxError(`a text that is not JSON after character ${at}`);
}

const isBlank = (text: string): boolean => /^[ \t\n\r]*$/.test(text);

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) at++;
    else if (code === 0x22) return at;
  }
  throw malformed(start);
}

/** Sets a member like `JSON.parse`: a key is never the prototype. */
function setOwn(holder: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(holder, key, { value, configurable: true, enumerable: true, writable: true });
  else holder[key] = value;
}
