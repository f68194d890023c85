import type { EventOptions, Tutti } from "@tutti/sdk/client";
import { begun, source } from "../source.ts";

export const runs = ["reorder-violin-monday", "page-violin-c3"];

/** What a shop posts. A webhook of another system posts the same: docs/guides/webhooks.md. */
const low = (id: string, article: string, left: number): EventOptions => ({
  type: "shop.stock.low",
  id,
  source: "/shop",
  data: { article, left, minimum: 5, day: "monday" },
});
const changed = (id: string, change: string, price: number): EventOptions => ({
  type: `shop.article.${change}`,
  id,
  source: "/shop",
  data: { article: "violin", price },
});

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("on-event"));
  await tutti.workflows.register(source("on-event", "page.yaml"));
  const reorder = tutti.triggers.get("reorder.on");

  // Three sales of one day. The harp is not low enough, and a lost answer has the shop post again.
  const sales = [low("s1", "violin", 4), low("s2", "violin", 3), low("s3", "harp", 7)];
  const { matched } = await tutti.triggers.post(sales);
  await tutti.triggers.post(sales);
  const ordered = await (await begun(tutti, "reorder-violin-monday")).result();

  // A burst of changes makes one page.
  await tutti.triggers.post([
    changed("c1", "priced", 90),
    changed("c2", "described", 90),
    changed("c3", "priced", 80),
  ]);
  const page = await (await begun(tutti, "page-violin-c3")).result();

  // What would another event do? Nothing starts.
  const { key, input } = await reorder.test(low("s4", "drum", 1));
  return { matched, ordered, page, test: { key, input } };
}
