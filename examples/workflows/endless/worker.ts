import type { Worker } from "@tutti/sdk";

const pages = [3, 4, 2];

export function handle(worker: Worker): void {
  worker.handle("mail.page", async ({ cursor }: { readonly cursor: number }) => ({
    count: pages[cursor] ?? 0,
    next: cursor + 1 < pages.length ? cursor + 1 : null,
  }));
}
