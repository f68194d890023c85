import { kernelErrors } from "../errors/kernel-errors.ts";

/** The contracts' `PageRequest`, as far as it matters here. */
export interface PageWanted {
  readonly size: number;
  readonly token: string;
}

export interface Page<T> {
  readonly items: T[];
  /** Of the next page; empty at the end. */
  readonly nextToken: string;
}

const sizeDefault = 100;
const sizeMax = 1_000;

/**
 * A page of what is sorted by a unique key. The token names the last key seen, so that entries which come and go
 * between two pages neither shift nor repeat the others.
 */
export function pageOf<T>(
  sorted: Iterable<T>,
  keyOf: (item: T) => string,
  wanted: PageWanted | undefined,
): Page<T> {
  const size = Math.min(wanted?.size || sizeDefault, sizeMax);
  const after = wanted === undefined || wanted.token === "" ? undefined : keyOfToken(wanted.token);
  const items: T[] = [];
  for (const item of sorted) {
    if (after !== undefined && keyOf(item) <= after) continue;
    const last = items.at(-1);
    if (items.length === size && last !== undefined) return { items, nextToken: tokenOf(keyOf(last)) };
    items.push(item);
  }
  return { items, nextToken: "" };
}

// The leading letter is the version of the token's form; programs are to take a token as it is.
const tokenOf = (key: string): string => `a${Buffer.from(key).toString("base64url")}`;

function keyOfToken(token: string): string {
  const key = Buffer.from(token.slice(1), "base64url").toString();
  if (token.startsWith("a") && tokenOf(key) === token) return key;
  const message = `expected a token from the page before, found ${token}`;
  throw kernelErrors.pageTokenInvalid(undefined, { violations: [{ field: "page.token", message }] });
}
