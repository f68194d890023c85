import type { EventOptions, Tutti } from "@tutti/sdk/client";
import { source, started } from "../source.ts";

export const runs = ["reorder-violin-monday", "page-violin-c3"];

/** An event of a shop. The webhook of another system posts the same: docs/guides/webhooks.md. */
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

  // Three sales of one day. The stock of harps is not low. The shop posts one sale twice, because a reply was lost.
  const sales = [low("s1", "violin", 4), low("s2", "violin", 3), low("s3", "harp", 7)];
  const { matched } = await tutti.triggers.post(sales);
  await tutti.triggers.post(sales);
  const ordered = await (await started(tutti, "reorder-violin-monday")).result();

  // A burst of changes starts one run.
  await tutti.triggers.post([
    changed("c1", "priced", 90),
    changed("c2", "described", 90),
    changed("c3", "priced", 80),
  ]);
  const page = await (await started(tutti, "page-violin-c3")).result();

  // Tests another event against the trigger. Nothing starts.
  const { key, input } = await reorder.test(low("s4", "drum", 1));
  return { matched, ordered, page, test: { key, input } };
}
