import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { WebhookDriver as WebhookSettings } from "@tutti/contracts/swarm/v1";
import { signedHeaders } from "@tutti/host/outgoing";
import { systemFoundation } from "@tutti/kernel";
import { recordingLogger, seededChance, until } from "@tutti/kernel/testing";
import { webhookDriver } from "./webhook-driver.ts";

const real = systemFoundation();
const secretVariable = "SHOP_WEBHOOK_SECRET";

interface ReceivedWebhook {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  readonly body: { readonly wanted: number; readonly launchId: string; readonly pool: string };
}

describe("a webhook of a scaler", () => {
  let server: Server;
  const received: ReceivedWebhook[] = [];
  const refused: string[] = [];
  let answers: { status: number; text: string; location?: string }[] = [];

  before(async () => {
    process.env[secretVariable] = "hush";
    server = createServer(async (request, response) => {
      let text = "";
      for await (const piece of request) text += piece;
      received.push({ path: request.url ?? "", headers: request.headers, text, body: JSON.parse(text) });
      const { status, text: answer, location } = answers.shift() ?? { status: 200, text: "" };
      response.writeHead(status, location === undefined ? {} : { location }).end(answer);
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  });
  after(() => {
    delete process.env[secretVariable];
    server.closeAllConnections();
    server.close();
  });

  const url = (path = "/scale") => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

  function open(arePrivateAllowed = true) {
    received.length = 0;
    const chance = { ...seededChance(1), random: () => 0 };
    return webhookDriver({
      ...{ namespace: "default", pool: "gpu", scalerId: "crew", arePrivateAllowed },
      refused: (error) => refused.push(error.code),
      settings: WebhookSettings.fromPartial({ url: url(), secret: `env:${secretVariable}` }),
      foundation: { ...real, chance, logger: recordingLogger() },
    });
  }

  it("is called for each change, signed, and its reply is read", async () => {
    answers = [{ status: 202, text: '{"starting": 3}' }];
    const driver = open();
    driver.setCount(3, "3 tasks wait");
    driver.setCount(3, "3 tasks wait");
    await until("the first", () => driver.status().starting === 3);
    const [first] = received;
    assert.ok(first !== undefined);
    assert.deepEqual([first.body.wanted, first.body.launchId, first.body.pool], [3, "crew.webhook", "gpu"]);
    const {
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": signature,
    } = first.headers;
    const signed = signedHeaders("hush", {
      id: String(id),
      nowMs: Number(timestamp) * 1_000,
      body: first.text,
    });
    assert.equal(signature, signed["webhook-signature"]);
    assert.doesNotMatch(first.text, /hush/);
    driver.setCount(1, "fewer");
    await until("the second", () => received.length === 2);
    assert.equal(received[1]?.body.wanted, 1);
    await driver.close("left");
    assert.equal(received.length, 2, "sent after the move");
  });

  it("is called again until it succeeds, with the newest number only", async () => {
    answers = [{ status: 500, text: "" }];
    const driver = open();
    driver.setCount(2, "");
    await until("the refusal", () => driver.status().error !== undefined);
    assert.equal(driver.status().error?.code, "outgoing.failed");
    assert.match(driver.status().error?.message ?? "", /status 500/);
    driver.setCount(5, "");
    await until("the second", () => driver.status().error === undefined);
    assert.deepEqual(
      received.map(({ body }) => body.wanted),
      [2, 5],
    );
    await driver.close("deleted");
    assert.equal(received.at(-1)?.body.wanted, 0, "for good: none is wanted");
  });

  it("leads nowhere else: a redirect is no answer", async () => {
    answers = [{ status: 302, text: "", location: url("/elsewhere") }];
    const driver = open();
    driver.setCount(1, "");
    await until("the refusal", () => driver.status().error !== undefined);
    await driver.close("left");
    assert.ok(received.every(({ path }) => path === "/scale"));
  });

  it("is not called in a private network by any name, if that is not allowed", async () => {
    const driver = open(false);
    driver.setCount(1, "");
    await until("the refusal", () => driver.status().error !== undefined);
    assert.equal(driver.status().error?.code, "outgoing.refused");
    await driver.close("left");
    assert.equal(received.length, 0);
    assert.ok(refused.length > 0 && refused.every((code) => code === "outgoing.refused"));
  });
});
