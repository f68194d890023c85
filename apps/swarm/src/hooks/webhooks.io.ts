import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { HookMoment, HookWebhook } from "@tutti/contracts/swarm/v1";
import { WorkReference } from "@tutti/contracts/types/v1";
import { systemFoundation } from "@tutti/kernel";
import type { HookQuestion, HookReply } from "@tutti/matching";
import { Webhooks } from "./webhooks.ts";

const inFlightMax = 64;
const question: HookQuestion = {
  ...{
    number: 1,
    hookId: "h",
    timeoutMs: 0,
    moment: HookMoment.HOOK_MOMENT_BEFORE_ASSIGN,
    work: WorkReference.create(),
  },
  ...{ capability: "render", attempt: 1, agentId: "", labels: {}, priority: 0 },
  ...{ input: undefined, outcome: undefined },
};

describe("hooks over HTTP", () => {
  /** Answers everything but `/slow`. */
  const server = createServer((request, response) => {
    if (request.url === "/quick") response.end('{"answers": [{"number": 1, "verdict": {"priority": "5"}}]}');
  });
  const webhooks = new Webhooks({
    foundation: systemFoundation(),
    arePrivateAllowed: true,
    refused: () => {},
  });
  const send = (namespace: string, path: string): Promise<readonly HookReply[]> => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`;
    const webhook = HookWebhook.fromPartial({ url, timeoutMs: 60_000 });
    return new Promise((resolve) =>
      webhooks.send({ namespace, pool: "default", hookId: "h", webhook, questions: [question] }, resolve),
    );
  };

  before(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  after(() => {
    webhooks.stop();
    server.closeAllConnections();
    server.close();
  });

  it("have a maximum of concurrent requests per namespace: a slow service fails no hook of other namespaces", async () => {
    const slow = Array.from({ length: inFlightMax }, () => send("slow", "slow"));
    const [refused] = await send("slow", "slow");
    assert.equal(refused?.problem, "too many requests are in progress");
    const [answered] = await send("quick", "quick");
    assert.deepEqual([answered?.verdict?.priority, answered?.problem], ["5", ""]);
    webhooks.stop();
    await Promise.all(slow);
  });
});
