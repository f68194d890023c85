import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { type Clock, isTuttiError, systemChance, systemClock, systemTimers } from "@tutti/kernel";
import { deliveryOf } from "@tutti/policy";
import { type SecretQuery, WorkerSecrets } from "./secrets.ts";
import { resolveSettings, type WorkerOptions } from "./settings.ts";

const ports = { clock: systemClock, timers: systemTimers, chance: systemChance };
const query = (reference: string): SecretQuery => ({
  ...{ reference, namespace: "shop", workKind: "run", workId: "run_1", taskId: "pay", accessToken: "" },
});
const workerOf = (options: WorkerOptions, clock: Clock = systemClock) =>
  new WorkerSecrets(resolveSettings(options, {}), { ...ports, clock });
const codeOf = (code: string) => (error: unknown) => isTuttiError(error) && error.code === code;

interface SecretRequest {
  readonly names: readonly [string];
  readonly recipientKey: string;
}

describe("the way of a handler to secrets", () => {
  let server: Server;
  const requests: { readonly authorization: string | undefined; readonly body: SecretRequest }[] = [];
  /** Values that the next answer seals. */
  let answerFields = { name: "till", keepMs: 60_000, status: 200, recipientKey: "" };

  before(async () => {
    server = createServer(async (request, response) => {
      const body = JSON.parse(await textOf(request)) as SecretRequest;
      requests.push({ authorization: request.headers.authorization, body });
      const { name, keepMs, status } = answerFields;
      const recipientKey = Buffer.from(answerFields.recipientKey || body.recipientKey, "base64");
      const named = { namespace: "shop", name, version: requests.length };
      const value = Buffer.from(`value ${requests.length}`);
      const delivery = deliveryOf(value, named, { recipientKey, keepMs }, systemChance);
      const [sealed, encapsulatedKey] = [delivery.sealed, delivery.encapsulatedKey].map((bytes) =>
        Buffer.from(bytes).toString("base64"),
      );
      const refusal = { code: "governance.secret_unusable", detail: "expected a secret", retry: "never" };
      response.writeHead(status, { "content-type": "application/json" });
      response.end(
        JSON.stringify(status === 200 ? { values: [{ ...delivery, sealed, encapsulatedKey }] } : refusal),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  after(() => new Promise((resolve) => server.close(resolve)));

  const connected = (clock?: Clock) => {
    const { port } = server.address() as AddressInfo;
    return workerOf({ server: `http://127.0.0.1:${port}`, credentials: { accessToken: "the key" } }, clock);
  };

  it("sends the worker's key, opens the value that was sealed for the call, and caches it for the permitted time", async () => {
    const attempts = connected();
    const [one, other] = await Promise.all([
      attempts.open(query("secret:till")),
      attempts.open(query("secret:till")),
    ]);
    assert.deepEqual([one, other, requests.length], ["value 1", "value 1", 1]);
    assert.equal(await attempts.open(query("secret:till")), "value 1");
    assert.equal(requests[0]?.authorization, "Bearer the key");
    attempts.clear();
    assert.equal(await attempts.open(query("secret:till")), "value 2");
    answerFields = { ...answerFields, keepMs: 0 };
    const careful = connected();
    assert.notEqual(await careful.open(query("secret:till")), await careful.open(query("secret:till")));
  });

  it("rejects another secret, and a value that was sealed for another key", async () => {
    answerFields = { ...answerFields, name: "safe" };
    await assert.rejects(connected().open(query("secret:till")), codeOf("sdk.secret_unreadable"));
    const recipientKey = Buffer.alloc(32, 9).toString("base64");
    answerFields = { ...answerFields, name: "till", recipientKey };
    await assert.rejects(connected().open(query("secret:till")), codeOf("sdk.secret_unreadable"));
  });

  it("reports why the installation rejects, and fails without an answer", async () => {
    answerFields = { ...answerFields, recipientKey: "", status: 403 };
    await assert.rejects(connected().open(query("secret:till")), codeOf("governance.secret_unusable"));
    const nobody = workerOf({ server: "http://127.0.0.1:1" });
    await assert.rejects(nobody.open(query("secret:till")), codeOf("sdk.secret_unreachable"));
  });

  it("caches no value of a task for longer than permitted", async () => {
    let nowMs = 0;
    const secrets = connected({ ...systemClock, monotonic: () => nowMs });
    answerFields = { ...answerFields, name: "till", keepMs: 60_000, status: 200, recipientKey: "" };
    for (let task = 0; task < 3; task++) {
      await secrets.open({ ...query("secret:till"), accessToken: `task ${task}` });
      nowMs += 60_001;
    }
    assert.equal(secrets.cachedCount, 1);
  });

  it("reads only listed references from its own machine, and does not repeat an invalid reference", async () => {
    process.env["SHOP_SECRET"] = "local";
    const attempts = workerOf({ secrets: ["env:SHOP_SECRET", "env:SHOP_NONE"] });
    assert.equal(await attempts.open(query("env:SHOP_SECRET")), "local");
    await assert.rejects(attempts.open(query("env:SHOP_NONE")), codeOf("sdk.secret_missing"));
    await assert.rejects(attempts.open(query("env:HOME")), codeOf("sdk.secret_not_offered"));
    await assert.rejects(attempts.open(query("file:/etc/hostname")), codeOf("sdk.secret_not_offered"));
    await assert.rejects(attempts.open(query("hunter2")), (error) => {
      assert.ok(isTuttiError(error) && error.code === "sdk.secret_unnamed");
      return !error.message.includes("hunter2");
    });
  });

  it("is rejected over an unencrypted connection to another machine", async () => {
    for (const options of [
      { address: "127.0.0.1:7401", server: "http://tutti.example" },
      { address: "tutti.example:7401" },
    ])
      await assert.rejects(workerOf(options).open(query("secret:till")), codeOf("sdk.option_invalid"));
  });
});

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
