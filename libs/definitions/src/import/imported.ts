/** Result of an importer: checked definitions, and a list of everything else. */
import type { Json } from "@tutti/expressions";
import { checkText } from "../check/checker.ts";
import { checkScheduleText, isScheduleText } from "../check/schedule-checker.ts";

export interface Untranslated {
  /** Line, from 1. */
  readonly line: number;
  readonly construct: string;
  readonly reason: string;
  /** Set if the definition needs nothing in its place, for example for an id that Tutti assigns itself. */
  readonly isBookkeeping?: true;
}

/** Why a construct is listed. In `{ bookkeeping }`: the reason needs no action of the user. */
export type Reason = string | { readonly bookkeeping: string };

export interface Imported {
  /** Workflows, each before its schedules. */
  readonly documents: readonly Json[];
  /** In the order of their lines. Bookkeeping is last. */
  readonly untranslated: readonly Untranslated[];
}

/** The file does not have the expected format, or is hostile. */
export class NotImported extends Error {}

const textLengthMax = 1_048_576;

export function requireSize(text: string): void {
  if (text.length > textLengthMax) throw new NotImported(`it has more than ${textLengthMax} characters`);
}

/** Collects documents, and lists the rest. */
/** Members of a definition that is being created. */
export type Tree = { readonly [key: string]: Json };

/** Returns the items, each behind those before it. Not recursive, because files have long chains. */
export function inOrder<Item>(
  items: Iterable<Item>,
  before: (item: Item) => Iterable<Item>,
  cycle: (item: Item) => NotImported,
): readonly Item[] {
  const sorted = new Set<Item>();
  const open = new Map<Item, Iterator<Item>>();
  const path: Item[] = [];
  const enter = (item: Item) => {
    if (open.has(item)) throw cycle(item);
    if (sorted.has(item)) return;
    open.set(item, before(item)[Symbol.iterator]());
    path.push(item);
  };
  for (const first of items) {
    enter(first);
    for (let item = path.at(-1); item !== undefined; item = path.at(-1)) {
      const next = open.get(item)?.next();
      if (next?.done === false) {
        enter(next.value);
        continue;
      }
      sorted.add(item);
      open.delete(item);
      path.pop();
    }
  }
  return [...sorted];
}

/** Returns the first unused name: `order`, `order-2`, `order-3`. */
export function firstFree(name: string, isUsed: (name: string) => boolean, separator = "-"): string {
  let free = name;
  for (let number = 2; isUsed(free); number++) free = `${name}${separator}${number}`;
  return free;
}

export class Collector {
  readonly #documents: { readonly document: Json; readonly line: number }[] = [];
  readonly #untranslated: Untranslated[] = [];
  readonly #names = new Set<string>();

  add(document: Json, line: number): void {
    this.#documents.push({ document, line });
  }

  report(line: number, construct: string, reason: Reason): void {
    const text = construct.trim().replace(/\s+/g, " ");
    this.#untranslated.push({
      line,
      construct: text.length > 80 ? `${text.slice(0, 79)}…` : text,
      ...(typeof reason === "string" ? { reason } : { reason: reason.bookkeeping, isBookkeeping: true }),
    });
  }

  /** Cuts a text to the maximum length in a definition. A cut is listed. */
  truncate(text: string, most: number, line: number, construct: string): string {
    if (text.length > most) this.report(line, construct, `it is cut to ${most} characters`);
    return text.slice(0, most);
  }

  /** Returns a name that no other document has. */
  freeName(proposed: string): string {
    const name = firstFree(nameFrom(proposed), (each) => this.#names.has(each));
    this.#names.add(name);
    return name;
  }

  /**
   * Checks all documents. A document with an error is left out and listed, and so are the schedules of such a
   * workflow.
   */
  finish(): Imported {
    const refused = new Set<unknown>();
    const documents = this.#documents
      .filter(({ document, line }) => {
        const members = document as { readonly workflow?: Json; readonly schedule?: Json };
        // JSON is parsed several times faster than YAML.
        const source = { format: "json", text: JSON.stringify(document), fileName: "imported" } as const;
        const isSchedule = isScheduleText(source);
        if (isSchedule && refused.has(members.workflow)) return false;
        const { problems } = isSchedule ? checkScheduleText(source) : checkText(source);
        const error = problems.find(({ severity }) => severity === "error");
        if (error === undefined) return true;
        if (!isSchedule) refused.add(members.workflow);
        this.report(
          line,
          String(members.schedule ?? members.workflow),
          `the definition has an error: ${error.message}`,
        );
        return false;
      })
      .map(({ document }) => document);
    const rank = ({ isBookkeeping }: Untranslated) => (isBookkeeping ? 1 : 0);
    const untranslated = this.#untranslated.toSorted(
      (one, other) => rank(one) - rank(other) || one.line - other.line,
    );
    return { documents, untranslated };
  }
}

export const nameLengthMax = 60;

/** Returns lower-case words for names and ids. */
export function nameFrom(text: string): string {
  const slug = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, nameLengthMax)
    .replace(/^-+|-+$/g, "");
  return slug === "" ? "imported" : slug;
}

/** Returns `process-order` for `ProcessOrder`. */
export function nameFromCamelCase(text: string): string {
  return nameFrom(text.replace(/([a-z0-9])([A-Z])/g, "$1-$2"));
}

/** Returns whether a text would be parsed as an expression of Tutti. */
export function isExpression(text: string): boolean {
  return text.includes("${{");
}
