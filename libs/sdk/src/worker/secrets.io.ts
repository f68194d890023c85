import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { type Clock, isTuttiError, systemChance, systemClock, systemTimers } from "@tutti/kernel";
import { deliveryOf } from "@tutti/policy";
import { type SecretWanted, WorkerSecrets } from "./secrets.ts";
import { resolveSettings, type WorkerOptions } from "./settings.ts";

const ports = { clock: systemClock, timers: systemTimers, chance: systemChance };
const wanted = (reference: string): SecretWanted => ({
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
  const heard: { readonly authorization: string | undefined; readonly body: SecretRequest }[] = [];
  /** Values that the next answer seals. */
  let given = { name: "till", keepMs: 60_000, status: 200, recipientKey: "" };

  before(async () => {
    server = createServer(async (request, response) => {
      const body = JSON.parse(await textOf(request)) as SecretRequest;
      heard.push({ authorization: request.headers.authorization, body });
      const { name, keepMs, status } = given;
      const recipientKey = Buffer.from(given.recipientKey || body.recipientKey, "base64");
      const named = { namespace: "shop", name, version: heard.length };
      const value = Buffer.from(`value ${heard.length}`);
      const made = deliveryOf(value, named, { recipientKey, keepMs }, systemChance);
      const [sealed, encapsulatedKey] = [made.sealed, made.encapsulatedKey].map((bytes) =>
        Buffer.from(bytes).toString("base64"),
      );
      const refusal = { code: "governance.secret_unusable", detail: "expected a secret", retry: "never" };
      response.writeHead(status, { "content-type": "application/json" });
      response.end(
        JSON.stringify(status === 200 ? { values: [{ ...made, sealed, encapsulatedKey }] } : refusal),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  after(() => new Promise((resolve) => server.close(resolve)));

  const connected = (clock?: Clock) => {
    const { port } = server.address() as AddressInfo;
    return workerOf({ server: `http://127.0.0.1:${port}`, credentials: { accessToken: "the key" } }, clock);
  };

  it("shows the worker's key, opens what was sealed for the call, and keeps it as long as it may", async () => {
    const attempts = connected();
    const [one, other] = await Promise.all([
      attempts.open(wanted("secret:till")),
      attempts.open(wanted("secret:till")),
    ]);
    assert.deepEqual([one, other, heard.length], ["value 1", "value 1", 1]);
    assert.equal(await attempts.open(wanted("secret:till")), "value 1");
    assert.equal(heard[0]?.authorization, "Bearer the key");
    attempts.clear();
    assert.equal(await attempts.open(wanted("secret:till")), "value 2");
    given = { ...given, keepMs: 0 };
    const careful = connected();
    assert.notEqual(await careful.open(wanted("secret:till")), await careful.open(wanted("secret:till")));
  });

  it("takes nothing that is another secret, or was sealed for another key", async () => {
    given = { ...given, name: "safe" };
    await assert.rejects(connected().open(wanted("secret:till")), codeOf("sdk.secret_unreadable"));
    const recipientKey = Buffer.alloc(32, 9).toString("base64");
    given = { ...given, name: "till", recipientKey };
    await assert.rejects(connected().open(wanted("secret:till")), codeOf("sdk.secret_unreadable"));
  });

  it("reports why the installation rejects, and says what to do without an answer", async () => {
    given = { ...given, recipientKey: "", status: 403 };
    await assert.rejects(connected().open(wanted("secret:till")), codeOf("governance.secret_unusable"));
    const nobody = workerOf({ server: "http://127.0.0.1:1" });
    await assert.rejects(nobody.open(wanted("secret:till")), codeOf("sdk.secret_unreachable"));
  });

  it("keeps no value of a task for longer than it may", async () => {
    let nowMs = 0;
    const secrets = connected({ ...systemClock, monotonic: () => nowMs });
    given = { ...given, name: "till", keepMs: 60_000, status: 200, recipientKey: "" };
    for (let task = 0; task < 3; task++) {
      await secrets.open({ ...wanted("secret:till"), accessToken: `task ${task}` });
      nowMs += 60_001;
    }
    assert.equal(secrets.keptCount, 1);
  });

  it("reads of its own machine what the worker lists, and repeats nothing that is no reference", async () => {
    process.env["SHOP_SECRET"] = "local";
    const attempts = workerOf({ secrets: ["env:SHOP_SECRET", "env:SHOP_NONE"] });
    assert.equal(await attempts.open(wanted("env:SHOP_SECRET")), "local");
    await assert.rejects(attempts.open(wanted("env:SHOP_NONE")), codeOf("sdk.secret_missing"));
    await assert.rejects(attempts.open(wanted("env:HOME")), codeOf("sdk.secret_not_offered"));
    await assert.rejects(attempts.open(wanted("file:/etc/hostname")), codeOf("sdk.secret_not_offered"));
    await assert.rejects(attempts.open(wanted("hunter2")), (error) => {
      assert.ok(isTuttiError(error) && error.code === "sdk.secret_unnamed");
      return !error.message.includes("hunter2");
    });
  });

  it("is not over what others could read and change, to another machine", async () => {
    for (const options of [{ server: "http://tutti.example" }, { address: "tutti.example:7401" }])
      await assert.rejects(workerOf(options).open(wanted("secret:till")), codeOf("sdk.option_invalid"));
  });
});

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
