import type { Context } from "../command/declaration.ts";
import { usageFailure } from "../command/failure.ts";

/** Reads a list page by page, as set with `--size`, `--page` and `--all`. */
const usualSize = 20;
const wholeSize = 500;

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
  ask: (page: PageQuery) => Promise<R>,
  entriesOf: (reply: R) => readonly E[],
): Promise<readonly E[]> {
  const entries: E[] = [];
  let token: string | undefined;
  do {
    const reply = await ask({ size: wholeSize, ...(token === undefined ? {} : { token }) });
    entries.push(...entriesOf(reply));
    token = reply.nextToken === "" ? undefined : reply.nextToken;
  } while (token !== undefined);
  return entries;
}

export async function listPages<R extends Paged, E>(
  { values }: Pick<Context, "values">,
  ask: (page: PageQuery) => Promise<R>,
  entriesOf: (reply: R) => readonly E[],
  from = values.text("page"),
): Promise<Listed<E>> {
  const all = values.flag("all");
  const size = values.whole("size") ?? (all ? wholeSize : usualSize);
  if (size === 0) throw usageFailure("--size: expected at least 1, got 0");
  const entries: E[] = [];
  let token = from;
  do {
    const reply = await ask({ size, ...(token === undefined ? {} : { token }) });
    entries.push(...entriesOf(reply));
    token = reply.nextToken === "" ? undefined : reply.nextToken;
  } while (all && token !== undefined);
  return { entries, nextToken: token };
}
