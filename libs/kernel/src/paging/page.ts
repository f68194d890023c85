import { createHash } from "node:crypto";
import { kernelErrors } from "../errors/kernel-errors.ts";

/** The relevant part of the contracts' `PageRequest`. */
export interface PageQuery {
  readonly size: number;
  readonly token: string;
}

export interface Page<T> {
  readonly items: T[];
  /** Token of the next page. Empty at the end. */
  readonly nextToken: string;
}

const sizeDefault = 100;
const sizeMax = 1_000;
/** Maximum weight of a page: well below the maximum of a message of the mesh. */
const weightMax = 4 * 1_048_576;

export interface PagedList<T> {
  /** Identifies this list: its name, and every condition that shapes it. */
  readonly list: readonly unknown[];
  /** Returns the unique sort key of an entry. */
  readonly keyOf: (item: T) => string;
  /** Returns the approximate bytes of an entry, if entries may be large: a page of large entries has fewer. */
  readonly weightOf?: (item: T) => number;
}

/**
 * Returns a page of entries that are sorted by a unique key. The token names the last key seen, so that entries which
 * come and go between two pages neither shift nor repeat the others. It also identifies the list, because another list
 * has other neighbours.
 */
export function pageOf<T>(
  sorted: Iterable<T>,
  { list, keyOf, weightOf = () => 0 }: PagedList<T>,
  request: PageQuery | undefined,
): Page<T> {
  const size = Math.min(request?.size || sizeDefault, sizeMax);
  const mark = markOf(list);
  const after = request === undefined || request.token === "" ? undefined : keyOfToken(request.token, mark);
  const items: T[] = [];
  let weight = 0;
  for (const item of sorted) {
    if (after !== undefined && keyOf(item) <= after) continue;
    const last = items.at(-1);
    weight += weightOf(item);
    if (last !== undefined && (items.length === size || weight > weightMax))
      return { items, nextToken: tokenOf(keyOf(last), mark) };
    items.push(item);
  }
  return { items, nextToken: "" };
}

const markLength = 8;

function markOf(list: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(list)).digest("base64url").slice(0, markLength);
}

// The leading letter is the version of the token's form. Programs must treat a token as opaque.
const tokenOf = (key: string, mark: string): string => `a${mark}${Buffer.from(key).toString("base64url")}`;

function keyOfToken(token: string, mark: string): string {
  const key = Buffer.from(token.slice(1 + markLength), "base64url").toString();
  if (tokenOf(key, mark) === token) return key;
  const message = `expected a token from the page before, of this list with these conditions, got ${token}`;
  throw kernelErrors.pageTokenInvalid(undefined, { violations: [{ field: "page.token", message }] });
}

/** Returns a key that sorts greater numbers first, such as the newest times. */
export function descending(value: number): string {
  const { MAX_SAFE_INTEGER } = Number;
  return String(MAX_SAFE_INTEGER - Math.min(Math.round(value), MAX_SAFE_INTEGER)).padStart(16, "0");
}
