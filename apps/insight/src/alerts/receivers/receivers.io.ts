import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isSignedBy } from "@tutti/host/outgoing";
import { SecretReference, systemFoundation } from "@tutti/kernel";
import type { AlertMessage } from "./message.ts";
import { Receivers } from "./receivers.ts";
import type { ReceiverKind, ReceiverSettings } from "./settings.ts";

const message: AlertMessage = {
  ...{ id: "alert_default_7_abc", namespace: "default", rule: "runs-fail", count: 12 },
  alerts: [
    {
      ...{ id: "a1", title: "Runs <fail> & more", advice: "tutti list", severity: "error", status: "firing" },
      ...{ labels: { who: "@everyone" }, values: { failed: 3 }, startTime: "2026-01-01T00:00:00.000Z" },
    },
  ],
};

describe("receivers of alerts", () => {
  const received: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  let status = 204;
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    received.push({ headers: request.headers, body });
    response.writeHead(status).end();
  });
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  after(() => server.close());

  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts`;
  const receivers = (
    overrides: Partial<ReceiverSettings> & { readonly kind: ReceiverKind },
    isPrivate = true,
  ) => {
    const reference = (name: string, secret: string) =>
      new SecretReference(`env:${name}`, { read: () => ({ secret }), readLater: async () => ({ secret }) });
    const known = { url: reference("URL", url()), secret: reference("SECRET", "whsec_c2VjcmV0") };
    const settings = { ...known, timeoutMs: 5_000, tls: "starttls" as const, ...overrides };
    return new Receivers({
      ...{ foundation: systemFoundation(), settings: { ops: settings }, arePrivateAllowed: isPrivate },
      runs: { startRun: () => assert.fail("no workflow is started") },
    });
  };
  const deliver = (kind: ReceiverKind, overrides: Partial<ReceiverSettings> = {}) =>
    receivers({ kind, ...overrides }).deliver("ops", message, new AbortController().signal);
  const last = () => {
    const request = received.at(-1);
    assert.ok(request !== undefined);
    return { ...request, json: JSON.parse(request.body) };
  };

  it("a webhook is signed by Standard Webhooks, and has the same id in every attempt", async () => {
    await deliver("webhook");
    const { headers, body, json } = last();
    const id = String(headers["webhook-id"]);
    const timestamp = String(headers["webhook-timestamp"]);
    assert.ok(isSignedBy(["whsec_c2VjcmV0"], { id, timestamp, body }, String(headers["webhook-signature"])));
    assert.deepEqual([id, json], [message.id, message]);
    await deliver("webhook");
    assert.equal(last().headers["webhook-id"], id);
  });

  for (const { answer, code } of [
    { answer: 410, code: "insight.message_rejected" },
    { answer: 404, code: "insight.message_rejected" },
    { answer: 302, code: "insight.receiver_failed" },
    { answer: 429, code: "insight.receiver_failed" },
    { answer: 503, code: "insight.receiver_failed" },
  ])
    it(`the answer ${answer} is ${code}`, async () => {
      status = answer;
      await assert.rejects(deliver("webhook"), { code });
      status = 204;
    });

  it("chat services get messages in their format, without mentions and markup", async () => {
    await deliver("slack");
    assert.match(
      last().json.text,
      /^\[ERROR\] Runs &lt;fail&gt; &amp; more and 11 more \(namespace default\)$/,
    );
    assert.match(last().json.blocks[0].text.text, /… and 11 more/);
    await deliver("discord");
    assert.deepEqual(last().json.allowed_mentions, { parse: [] });
    assert.match(last().json.embeds[0].description, /firing: Runs <fail>/);
    await deliver("teams");
    const [card] = last().json.attachments;
    assert.equal(card.contentType, "application/vnd.microsoft.card.adaptive");
    assert.match(card.content.body[0].text, /^\[ERROR\]/);
  });

  it("a program gets the message on standard input, and has it if it ends with 0", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "tutti-command-"));
    const file = join(folder.path, "heard.json");
    await deliver("command", { command: ["sh", "-c", 'cat > "$0"', file] });
    assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), message);
    await assert.rejects(deliver("command", { command: ["sh", "-c", "echo no room >&2; exit 3"] }), {
      message: /ended with 3: no room/,
    });
    const never = join(folder.path, "never");
    await assert.rejects(
      deliver("command", { command: ["sh", "-c", "sleep 60; touch $0", never], timeoutMs: 100 }),
      {
        message: /no answer in 100 ms/,
      },
    );
    assert.equal(existsSync(never), false);
  });

  it("an address in a private network is not called unless that is allowed", async () => {
    const closed = receivers({ kind: "webhook" }, false);
    const signal = new AbortController().signal;
    await assert.rejects(closed.deliver("ops", message, signal), {
      code: "outgoing.refused",
      retry: "never",
    });
    await assert.rejects(closed.deliver("pager", message, signal), /`pager` is not configured/);
  });
});
