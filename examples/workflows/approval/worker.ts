import type { Worker } from "@tutti/sdk";

export function handle(worker: Worker): void {
  worker.handle("money.send", async ({ amount }: { readonly amount: number }) => `sent ${amount}`);
}
