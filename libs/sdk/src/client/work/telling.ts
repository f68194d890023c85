export interface TellOptions {
  /** Told again under the same key it takes effect once. */
  readonly idempotencyKey?: string;
}

/** All pages of a list, one item after the other. */
export async function* pages<Item>(
  page: (page: { readonly size: number; readonly token: string }) => Promise<{
    readonly items: readonly Item[];
    readonly token: string | undefined;
  }>,
): AsyncGenerator<Item, void, void> {
  let token = "";
  do {
    const reply = await page({ size: 0, token });
    yield* reply.items;
    token = reply.token ?? "";
  } while (token !== "");
}
