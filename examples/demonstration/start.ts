/** Starts the runs of the demonstration: orders with each outcome, an album of 200 pictures, a repaired import, a scheduled report. */
import { readFileSync } from "node:fs";
import type { Tutti } from "@tutti/sdk/client";

const definitions = ["shop-order", "photo-album", "price-import", "sales-report"] as const;

/** The ids are fixed, so a repeated start duplicates nothing. */
const runs: readonly {
  readonly id: string;
  readonly of: (typeof definitions)[number];
  readonly input: object;
}[] = [
  // Completes without a person.
  {
    id: "order-1001",
    of: "shop-order",
    input: { customer: "Clara", articles: ["bow", "rosin"], cents: 8_900 },
  },
  // Waits for an approval.
  {
    id: "order-1002",
    of: "shop-order",
    input: { customer: "Robert", articles: ["violin", "bow"], cents: 420_000 },
  },
  // A piano cannot be shipped. Compensation recalls the stool, refunds the payment, and releases the reservation.
  {
    id: "order-1003",
    of: "shop-order",
    input: { customer: "Franz", articles: ["stool", "piano"], cents: 99_000 },
  },
  { id: "album-summer", of: "photo-album", input: { album: "summer", pictures: 200 } },
  { id: "prices-1", of: "price-import", input: { supplier: "strings & bows", key: "old-7" } },
];

export async function start(tutti: Tutti): Promise<void> {
  for (const name of definitions) {
    const fileName = `${name}.yaml`;
    await tutti.workflows.register(readFileSync(new URL(fileName, import.meta.url), "utf8"), { fileName });
  }
  for (const { id, of, input } of runs) await tutti.run(of, { id, input, labels: { demonstration: "yes" } });
  await tutti.schedules.create("sales-by-the-minute", "sales-report", {
    every: 60_000,
    overlap: "skip",
    description: "A report each minute.",
    labels: { demonstration: "yes" },
  });
}
