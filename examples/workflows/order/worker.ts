import { TaskFailure, type Worker } from "@tutti/sdk";

export function handle(worker: Worker): void {
  worker.handle("shop.reserve", async ({ articles }: { readonly articles: readonly string[] }) => ({
    reservation: `reserved ${articles.join(" and ")}`,
  }));
  worker.handle("shop.release", async () => null);

  worker.handle("shop.charge", async ({ cents }: { readonly cents: number }, context) => {
    if (cents > 100_000)
      throw new TaskFailure("card.declined", `${cents} is more than the card has`, { final: true });
    // The key is the same for every attempt, so a retry does not charge twice.
    return { payment: `${cents} by ${context.idempotencyKey}` };
  });
  worker.handle("shop.refund", async () => null);

  worker.handle("shop.ship", async ({ article }: { readonly article: string }) => {
    if (article === "piano")
      throw new TaskFailure("parcel.too_heavy", "no parcel holds a piano", { final: true });
    return { label: `label of ${article}` };
  });
  worker.handle("shop.recall", async () => null);
}
