import type { PageReply } from "@tutti/contracts/types/v1";

/** Maximum size of a page. */
const size = 1_000;

/** Returns all items of a paged list of another process. */
export async function ofAllPages<Reply extends { readonly page: PageReply | undefined }, Item>(
  fetchPage: (page: { readonly size: number; readonly token: string }) => Promise<Reply>,
  itemsOf: (reply: Reply) => readonly Item[],
): Promise<Item[]> {
  const found: Item[] = [];
  let token = "";
  do {
    const reply = await fetchPage({ size, token });
    found.push(...itemsOf(reply));
    token = reply.page?.nextToken ?? "";
  } while (token !== "");
  return found;
}
