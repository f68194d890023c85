import type { Context } from "../command/declaration.ts";
import { usageFailure } from "../command/failure.ts";

/** Reads a list page by page, according to `--size`, `--page` and `--all`. */
const usualSize = 20;
const maxPageSize = 500;

export interface PageQuery {
  readonly size: number;
  readonly token?: string;
}

interface Paged {
  readonly nextToken?: string;
}

export interface Listed<E> {
  readonly entries: readonly E[];
  /** Where the list continues. Undefined at its end. */
  readonly nextToken: string | undefined;
}

/** Reads a list to its end. */
export async function readAll<R extends Paged, E>(
  fetchPage: (page: PageQuery) => Promise<R>,
  entriesOf: (reply: R) => readonly E[],
): Promise<readonly E[]> {
  const { entries } = await readPages(fetchPage, entriesOf, { size: maxPageSize, isAll: true });
  return entries;
}

export async function listPages<R extends Paged, E>(
  { values }: Pick<Context, "values">,
  fetchPage: (page: PageQuery) => Promise<R>,
  entriesOf: (reply: R) => readonly E[],
  from = values.text("page"),
): Promise<Listed<E>> {
  const isAll = values.flag("all");
  const size = values.integer("size") ?? (isAll ? maxPageSize : usualSize);
  if (size === 0) throw usageFailure("--size: expected at least 1, got 0");
  return await readPages(fetchPage, entriesOf, { size, from, isAll });
}

interface Reading {
  readonly size: number;
  /** The token of the first page. Default: the start of the list. */
  readonly from?: string | undefined;
  /** Whether all further pages are read. */
  readonly isAll: boolean;
}

async function readPages<R extends Paged, E>(
  fetchPage: (page: PageQuery) => Promise<R>,
  entriesOf: (reply: R) => readonly E[],
  { size, from, isAll }: Reading,
): Promise<Listed<E>> {
  const entries: E[] = [];
  let token = from;
  do {
    const reply = await fetchPage({ size, ...(token === undefined ? {} : { token }) });
    entries.push(...entriesOf(reply));
    token = reply.nextToken === "" ? undefined : reply.nextToken;
  } while (isAll && token !== undefined);
  return { entries, nextToken: token };
}
