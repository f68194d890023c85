import type { Tutti } from "@tutti/sdk/client";
import { errorOf, source } from "../source.ts";

export const runs = ["order-17", "order-18"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("order"));
  const good = await tutti.execute("order", {
    id: "order-17",
    input: { articles: ["violin", "bow"], cents: 4_200 },
  });
  // A piano cannot be shipped. Compensation recalls the violin, refunds the payment, and releases the reservation.
  const heavy = await tutti.run("order", {
    id: "order-18",
    input: { articles: ["violin", "piano"], cents: 9_900 },
  });
  return { good, heavy: await errorOf(heavy) };
}
