/** An agent that calls tools in a loop until it has the answer. */
import { readFileSync } from "node:fs";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import type { ModelScript } from "@tutti/sdk/testing";

const pieces: Readonly<Record<string, number>> = { flute: 7, violin: 3 };

/** Two parallel calls, a tool that does not exist, the sum, the answer. */
export const script = (): ModelScript => [
  { calls: ["flute", "violin"].map((article) => ({ name: "stock_count", input: { article } })) },
  { calls: [{ name: "stock_sum", input: { counts: [7, 3] } }] },
  { calls: [{ name: "stock_add", input: { counts: [7, 3] } }] },
  "There are 10 instruments: 7 flutes and 3 violins.",
];

export function handle(worker: Worker): void {
  worker.handle("stock.count", ({ article }: { readonly article: string }) => pieces[article] ?? 0, {
    description: "Counts the pieces of an article in stock.",
    inputSchema: { type: "object", properties: { article: { type: "string" } }, required: ["article"] },
  });
  worker.handle(
    "stock.add",
    ({ counts }: { readonly counts: readonly number[] }) => counts.reduce((sum, each) => sum + each, 0),
    {
      description: "Adds counts.",
      inputSchema: {
        type: "object",
        properties: { counts: { type: "array", items: { type: "number" } } },
        required: ["counts"],
      },
    },
  );
}

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(readFileSync(new URL("workflow.yaml", import.meta.url), "utf8"));
  return tutti.execute("stock-question", { input: { question: "How many flutes and violins are there?" } });
}
