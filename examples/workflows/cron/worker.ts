import type { Worker } from "@tutti/sdk";

export function handle(worker: Worker): void {
  worker.handle("sales.report", async () => ({ sold: 3 }));
}
