/** An agent that pays refunds. A person approves each payment. */
import { readFileSync } from "node:fs";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import type { ModelScript } from "@tutti/sdk/testing";
import { openApproval } from "../../workflows/source.ts";

interface Refund {
  readonly order: string;
  readonly cents: number;
}

/** The scripted model requests the amount that the customer names, then reports the paid amount. */
export const script = (): ModelScript => (request) => {
  const [complaint = "", , outcome] = request.conversation;
  if (outcome !== undefined) return `Done: ${outcome}`;
  const [, order = "", cents = ""] = /order (\S+).* (\d+) cents/.exec(complaint) ?? [];
  return { calls: [{ name: "pay_refund", input: { order, cents: Number(cents) } }] };
};

export function handle(worker: Worker): void {
  worker.handle("pay.refund", ({ order, cents }: Refund) => `refunded ${cents} cents of ${order}`, {
    description: "Refunds an amount of an order to the customer.",
    inputSchema: {
      type: "object",
      properties: { order: { type: "string" }, cents: { type: "integer" } },
      required: ["order", "cents"],
    },
  });
}

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(readFileSync(new URL("workflow.yaml", import.meta.url), "utf8"));
  const complain = (order: string, cents: number) => {
    const complaint = `My order ${order} is broken. I want ${cents} cents back.`;
    return tutti.run("refund-desk", { input: { complaint } });
  };
  const small = await complain("a-1", 500);
  const changed = await complain("a-2", 9000);
  const { approvalId } = await openApproval(changed);
  await changed.approve(approvalId, { data: { input: { order: "a-2", cents: 4500 } } });
  const rejected = await complain("a-3", 5000);
  await rejected.reject((await openApproval(rejected)).approvalId, { reason: "it was not broken" });
  const denied = await complain("a-4", 200_000);
  return {
    small: await small.result(),
    changed: await changed.result(),
    rejected: await rejected.result(),
    denied: await denied.result(),
  };
}
