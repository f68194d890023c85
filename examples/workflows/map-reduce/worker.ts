import type { Worker } from "@tutti/sdk";

type Counts = Readonly<Record<string, number>>;

export function handle(worker: Worker): void {
  worker.handle("words.count", async ({ part }: { readonly part: string }) => {
    const counts: Record<string, number> = {};
    for (const word of part.split(/\s+/)) counts[word] = (counts[word] ?? 0) + 1;
    return counts;
  });
  worker.handle("words.add", async ({ results }: { readonly results: readonly Counts[] }) => {
    const sum: Record<string, number> = {};
    for (const counts of results)
      for (const [word, count] of Object.entries(counts)) sum[word] = (sum[word] ?? 0) + count;
    return sum;
  });
}
