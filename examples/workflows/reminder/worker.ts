import type { Worker } from "@tutti/sdk";

export function handle(worker: Worker): void {
  worker.handle(
    "invoice.remind",
    async ({ invoice }: { readonly invoice: string }) => `please pay ${invoice}`,
  );
}
