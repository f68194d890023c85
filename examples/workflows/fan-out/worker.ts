import type { Worker } from "@tutti/sdk";

export function handle(worker: Worker): void {
  worker.handle("picture.shrink", async ({ item }: { readonly item: string }) => `small ${item}`);
}
