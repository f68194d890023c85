/** The worker of `tutti demo agents`: it runs the agent and its tools. The demo kills it in the middle of an answer. */
import { appendFile } from "node:fs/promises";
import { Worker } from "@tutti/sdk";
import { agents } from "@tutti/sdk/agents";

const { DEMO_MODEL: url = "", DEMO_REFUNDS: refunds = "" } = process.env;
const worker = new Worker();
worker.handle(
  "shop.order",
  ({ order }: { readonly order: string }) => ({ order, article: "flute", cents: 9000, state: "broken" }),
  {
    description: "Finds an order.",
    inputSchema: { type: "object", properties: { order: { type: "string" } }, required: ["order"] },
  },
);
worker.handle(
  "shop.refund",
  async (input: { readonly order: string; readonly cents: number }, { idempotencyKey }) => {
    await appendFile(refunds, `${JSON.stringify({ ...input, idempotencyKey })}\n`);
    return { refunded: input.cents };
  },
  {
    description: "Refunds an amount to the customer.",
    inputSchema: {
      type: "object",
      properties: { order: { type: "string" }, cents: { type: "integer" } },
      required: ["order", "cents"],
    },
  },
);
worker.durable(
  agents({
    providers: { scripted: { speaks: "messages", url } },
    prices: { small: { input: 1, output: 5 } },
  }),
);
await worker.run();
