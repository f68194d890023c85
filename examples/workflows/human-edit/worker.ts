import type { Worker } from "@tutti/sdk";

export function handle(worker: Worker): void {
  worker.handle("news.draft", async ({ about }: { readonly about: string }) => ({
    text: `${about} is greta`,
  }));
  worker.handle("news.publish", async ({ text }: { readonly text: string }) => `published: ${text}`);
}
