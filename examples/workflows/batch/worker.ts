import { TaskFailure, type Worker } from "@tutti/sdk";

/** Addresses that received a letter. */
export const written = new Set<string>();

export function handle(worker: Worker): void {
  worker.handle(
    "list.split",
    async ({ items, size }: { readonly items: readonly string[]; readonly size: number }) => {
      const batches: (readonly string[])[] = [];
      for (let from = 0; from < items.length; from += size) batches.push(items.slice(from, from + size));
      return batches;
    },
  );
  worker.handle("letters.send", async ({ batch }: { readonly batch: readonly string[] }) => {
    const wrong = batch.find((address) => !address.includes("@"));
    if (wrong !== undefined)
      throw new TaskFailure("letter.no_address", `${wrong} is no address`, { final: true });
    for (const address of batch) written.add(address);
    return { sent: batch.length };
  });
}
