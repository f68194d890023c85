import type { Worker } from "@tutti/sdk";

export function handle(worker: Worker): void {
  worker.handle("book.write", async ({ title }: { readonly title: string }) => `It was ${title}.`);
}
