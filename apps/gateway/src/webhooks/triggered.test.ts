import assert from "node:assert/strict";
import { test } from "node:test";
import type { CallContext } from "@tutti/kernel";
import { type TriggeredParts, TriggeredWebhooks } from "./triggered.ts";

test("requests for many invented triggers from one address cause a bounded number of concurrent calls", async () => {
  const calls: (() => void)[] = [];
  const missing = Object.assign(new Error("not found"), { status: "NOT_FOUND" });
  const getTrigger = () => new Promise((_, reject) => calls.push(() => reject(missing)));
  const parts = {
    mesh: { client: () => ({ getTrigger }) },
    foundation: { clock: { monotonic: () => 0 } },
    clients: {},
  } as unknown as TriggeredParts;
  const webhooks = new TriggeredWebhooks(parts);
  const context = { namespace: "default" } as CallContext;
  const find = async (id: string, address: string) => webhooks.find(id, context, address);

  const found = Array.from({ length: 16 }, (_, at) => find(`made-up-${at}`, "10.0.0.1"));
  await assert.rejects(find("one-more", "10.0.0.1"), { code: "webhook.busy", status: "RESOURCE_EXHAUSTED" });
  const fromOtherAddress = find("orders", "10.0.0.2");
  assert.equal(calls.length, 17);
  for (const end of calls) end();
  assert.deepEqual(new Set(await Promise.all([...found, fromOtherAddress])), new Set([undefined]));
  const later = find("one-more", "10.0.0.1");
  calls.at(-1)?.();
  assert.equal(await later, undefined);
});
