/** Webhooks whose trigger was created by a user. File, CLI, API and dashboard create the same resource. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { signedHeaders } from "@tutti/host/outgoing";
import { until } from "@tutti/kernel/testing";
import { connect, type Tutti, type WebhookPresetName } from "@tutti/sdk/client";
import { type Folder, makeFolder, type Service, start } from "./support/services.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const note = "workflow: note\ntasks: {rest: {wait: {for: 1ms}}}\noutput: ${{ input }}\n";

describe("webhooks of triggers", () => {
  let folder: Folder;
  let platform: Service;
  let tutti: Tutti;

  before(async () => {
    folder = await makeFolder();
    platform = await start("platform", [`--platform.dataDirectory=${folder.path}`]);
    tutti = await connect({ address: platform.grpc });
    await tutti.workflows.register(note);
    await storeSecret("signing", ["orders", "code"]);
    await storeSecret("private", []);
  });
  after(async () => {
    await tutti?.close();
    await platform?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  async function storeSecret(name: string, triggers: readonly string[]) {
    const users = triggers.map((id) => ({ kind: "service", id: `webhook.${id}` }));
    const body = JSON.stringify({ value: Buffer.from(secret).toString("base64"), users });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${platform.http}/v1/secrets/${name}`, { method: "PUT", headers, body });
    assert.ok(answer.ok, await answer.text());
  }
  const create = (id: string, preset: WebhookPresetName, signing = "signing") =>
    tutti.triggers.create(id, "note", {
      webhook: { preset, secrets: [signing] },
      if: "event.data.number > 0",
      runId: `${id}-\${{ event.data.number }}`,
      with: { type: "${{ event.type }}", number: "${{ event.data.number }}" },
    });
  async function send(path: string, body: unknown, headers: Readonly<Record<string, string>>) {
    const url = `${platform.http}/v1/webhooks/${path}`;
    const answer = await fetch(url, { method: "POST", body: JSON.stringify(body), headers });
    const reply = (await answer.json()) as { readonly code?: string; readonly matched?: number };
    return `${answer.status} ${reply.code ?? reply.matched}`;
  }
  const signed = (id: string, body: unknown, ageMs = 0) =>
    signedHeaders(secret, { id, nowMs: Date.now() - ageMs, body: JSON.stringify(body) });
  /** Waits for the run, which starts a moment after its event was accepted. */
  const outputOf = async (id: string) => {
    const run = tutti.runs.get(id);
    await until("it started", () => run.why().then(Boolean, () => false));
    return run.result();
  };

  it("start one run per signed delivery, and ignore deliveries that do not meet the condition", async () => {
    await create("orders", "standard");
    const [order, other] = [{ type: "order.paid", number: 7 }, { number: 0 }];
    assert.equal(await send("default/orders", order, signed("m1", order)), "200 1");
    assert.deepEqual(await outputOf("orders-7"), { type: "webhook.orders.order.paid", number: 7 });
    assert.equal(await send("default/orders", other, signed("m2", other)), "200 0");
    const trigger = tutti.triggers.get("orders");
    assert.equal((await trigger.get()).counts?.started, 1);
  });

  it("refuse deliveries that are forged, old or repeated, and deliveries to triggers that accept none", async () => {
    const order = { number: 8 };
    assert.equal(
      await send("default/orders", { number: 9 }, signed("m3", order)),
      "401 webhook.signature_wrong",
    );
    assert.equal(await send("default/orders", order, signed("m3", order, 600_000)), "401 webhook.late");
    assert.equal(await send("default/orders", order, {}), "401 webhook.unsigned");
    const headers = signed("m4", order);
    assert.equal(await send("default/orders", order, headers), "200 1");
    assert.equal(await send("default/orders", order, headers), "409 webhook.replayed");
    assert.equal(await send("other/orders", order, signed("m5", order)), "404 webhook.unknown");
    assert.equal(await send("default/none", order, signed("m6", order)), "404 webhook.unknown");
    await tutti.triggers.create("posted", "note", { event: "shop.posted" });
    assert.equal(await send("default/posted", order, signed("m7", order)), "404 webhook.unknown");
    await create("curious", "standard", "private");
    assert.equal(await send("default/curious", order, signed("m8", order)), "404 webhook.unknown");
  });

  it("verify the signature of GitHub, and count a repeated delivery once", async () => {
    const code = await create("code", "github");
    const body = { action: "opened", number: 3 };
    const mac = createHmac("sha256", secret).update(JSON.stringify(body)).digest("hex");
    const headers = {
      ...{ "x-github-event": "pull_request", "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958" },
      "x-hub-signature-256": `sha256=${mac}`,
    };
    assert.equal(await send("default/code", body, headers), "200 1");
    assert.equal(await send("default/code", body, headers), "200 1");
    assert.deepEqual(await outputOf("code-3"), { type: "webhook.code.pull_request", number: 3 });
    await until("the second one is seen", async () => (await code.get()).counts?.duplicates === 1);
    assert.equal((await code.get()).counts?.started, 1);
  });
});
