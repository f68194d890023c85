/** A worker: named functions, connected to the platform at `TUTTI_ADDRESS`. worker.py does the same in Python. */
import { setTimeout as sleep } from "node:timers/promises";
import { TaskFailure, Worker } from "@tutti/sdk";

const worker = new Worker({
  slots: 8,
  description: "The worker of the demonstration in TypeScript.",
  labels: { language: "typescript" },
});

worker.handle("demo.reserve", async ({ articles }: { readonly articles: readonly string[] }, { signal }) => {
  await sleep(300, undefined, { signal });
  return { reservation: `reserved ${articles.join(" and ")}` };
});
worker.handle("demo.release", async () => null);

worker.handle(
  "demo.charge",
  async ({ cents }: { readonly cents: number }, { attempt, idempotencyKey, signal }) => {
    await sleep(500, undefined, { signal });
    if (attempt === 1) throw new TaskFailure("bank.away", "the bank does not answer");
    // The key is the same for every attempt, so a retry does not charge twice.
    return { payment: `${cents} by ${idempotencyKey}` };
  },
);
worker.handle("demo.refund", async () => null);

worker.handle("demo.ship", async ({ article }: { readonly article: string }, { signal }) => {
  await sleep(700, undefined, { signal });
  if (article === "piano")
    throw new TaskFailure("parcel.too_heavy", "no parcel holds a piano", { final: true });
  return { label: `label of ${article}` };
});
worker.handle("demo.recall", async () => null);

worker.handle(
  "picture.list",
  async ({ album, pictures }: { readonly album: string; readonly pictures: number }) =>
    Array.from({ length: pictures }, (_, index) => `${album}-${index + 1}.jpg`),
);
worker.handle("picture.shrink", async ({ picture }: { readonly picture: string }, context) => {
  for (let part = 1; part <= 4; part++) {
    await sleep(200, undefined, { signal: context.signal });
    context.progress({ fraction: part / 4, message: picture });
  }
  return { picture: `small ${picture}`, by: "typescript" };
});
worker.handle(
  "picture.bind",
  async ({ album, pictures }: { readonly album: string; readonly pictures: readonly object[] }) => ({
    album,
    pictures: pictures.length,
  }),
);

worker.handle("prices.load", async ({ key }: { readonly key: string }, { signal }) => {
  await sleep(400, undefined, { signal });
  if (key.startsWith("old")) throw new TaskFailure("key.expired", `the key ${key} has expired`);
  return { prices: 318 };
});
worker.handle("prices.renew", async () => ({ key: "new-1" }));

worker.handle("report.count", async () => ({ by: "typescript" }));

await worker.run();
