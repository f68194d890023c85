import type { Worker } from "@tutti/sdk";

interface Ordered {
  readonly article: string;
  readonly count: number;
}

interface Changed {
  readonly article: string;
  readonly change: string;
  readonly price: number;
}

export function handle(worker: Worker): void {
  worker.handle("supplier.order", async ({ article, count }: Ordered) => `${count} × ${article}`);
  worker.handle(
    "page.make",
    async ({ article, change, price }: Changed) => `${article} for ${price}, after ${change}`,
  );
}
