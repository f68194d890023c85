import { type OptionNames, text } from "../../options.ts";

export interface IdempotencyOptions {
  /** A second call with the same key has no further effect. Default: a new key, which protects retries of this call. */
  readonly idempotencyKey?: string;
}

export const idempotencyNames: OptionNames<IdempotencyOptions> = { idempotencyKey: text };

type PageOf<Item> = (page: { readonly size: number; readonly token: string }) => Promise<{
  readonly items: readonly Item[];
  readonly token: string | undefined;
}>;

/** Yields the items of all pages of a list. */
export function pages<Item>(page: PageOf<Item>): AsyncGenerator<Item, void, void> {
  return allPages(page, 0);
}

/** Entries of a page of lines, which are small: the most that the contract allows. */
const linesMax = 1_000;

/**
 * Yields the items of all pages of an index search. Each page is a search of its own, so pages after the first are
 * larger: a list of 10,000 by hundreds takes four times as long.
 */
export function pagesOfLines<Item>(page: PageOf<Item>): AsyncGenerator<Item, void, void> {
  return allPages(page, linesMax);
}

async function* allPages<Item>(page: PageOf<Item>, sizeLater: number): AsyncGenerator<Item, void, void> {
  let token = "";
  do {
    const reply = await page({ size: token === "" ? 0 : sizeLater, token });
    yield* reply.items;
    token = reply.token ?? "";
  } while (token !== "");
}
