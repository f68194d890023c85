import type { Worker } from "@tutti/sdk";

const newsrooms = ["north", "east", "south", "west", "sea"];
const pageSize = 2;

/** Times at which pages were sent. */
export const sentAtMs: number[] = [];

export function handle(worker: Worker): void {
  worker.handle("press.send", async ({ page }: { readonly page: number }) => {
    sentAtMs.push(Date.now());
    return {
      sent: newsrooms.slice((page - 1) * pageSize, page * pageSize).length,
      next: page * pageSize < newsrooms.length ? page + 1 : 0,
    };
  });
}
