import type { PageReply } from "@tutti/contracts/types/v1";

/** As much as a page may have. */
const size = 1_000;

/** All of a list that another process gives page by page. */
export async function ofAllPages<Reply extends { readonly page: PageReply | undefined }, Item>(
  ask: (page: { readonly size: number; readonly token: string }) => Promise<Reply>,
  itemsOf: (reply: Reply) => readonly Item[],
): Promise<Item[]> {
  const found: Item[] = [];
  let token = "";
  do {
    const reply = await ask({ size, token });
    found.push(...itemsOf(reply));
    token = reply.page?.nextToken ?? "";
  } while (token !== "");
  return found;
}
