/** A worker that runs an agent and its tool: `agent-worker.ts ADDRESS SERVER MODEL LEDGER AGENT`. */
import { appendFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { silentLogger } from "@tutti/kernel";
import { Worker } from "@tutti/sdk";
import { agents } from "@tutti/sdk/agents";

const [, , address = "", server = "", model = "", ledger = "", agentId = ""] = process.argv;
const worker = new Worker({ address, agentId, slots: 20 }, { logger: silentLogger });
worker.handle(
  "ledger.post",
  async ({ loop, step }: { readonly loop: number; readonly step: number }, { idempotencyKey }) => {
    await appendFile(ledger, `${loop} ${step} ${idempotencyKey}\n`);
    await pause(50);
    return { posted: `${loop}/${step}` };
  },
  {
    description: "Posts a step of a loop.",
    inputSchema: {
      type: "object",
      properties: { loop: { type: "integer" }, step: { type: "integer" } },
      required: ["loop", "step"],
    },
  },
);
worker.durable(agents({ server, providers: { scripted: { speaks: "messages", url: model } } }));
await worker.start();
console.log("linked");
await worker.stopped;
