import type { Worker } from "@tutti/sdk";

export function handle(worker: Worker): void {
  let times = 0;
  worker.handle("weather.fetch", async ({ of }: { readonly of: string }) => ({ of, fetched: ++times }));
}
