import type { Worker } from "@tutti/sdk";

export function handle(worker: Worker): void {
  worker.handle("dinner.plan", async ({ dishes }: { readonly dishes: readonly string[] }) => ({
    tasks: [
      ...dishes.map((dish) => ({ id: dish, uses: "dinner.cook", with: { dish } })),
      { id: "serve", uses: "dinner.serve", needs: [...dishes] },
    ],
  }));
  worker.handle("dinner.cook", async ({ dish }: { readonly dish: string }) => `${dish} is done`);
  worker.handle("dinner.serve", async () => "served");
}
