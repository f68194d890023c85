import type { Worker } from "@tutti/sdk";

export function handle(worker: Worker): void {
  worker.handle("render.status", async ({ round }: { readonly round: number }) => ({
    done: round === 3,
    percent: Math.round((round / 3) * 100),
  }));
}
