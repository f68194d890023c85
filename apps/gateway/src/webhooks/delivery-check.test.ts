import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { signedHeaders } from "@tutti/host/outgoing";
import { DeliveryCheck } from "./delivery-check.ts";

const nowMs = 1_767_225_600_000;
const secret = "a secret of the shop";
const bytes = (text: string) => Buffer.from(text);

function signed(options: { id?: string; sentMs?: number; body?: string; by?: string } = {}) {
  const { id = "msg_1", sentMs = nowMs, body = '{"order": 7}', by = secret } = options;
  return { headers: signedHeaders(by, { id, nowMs: sentMs, body }), body: bytes(body) };
}

function checkAt(clock: { ms: number }) {
  const check = new DeliveryCheck({ now: () => clock.ms });
  return ({ headers, body }: { headers: Record<string, string>; body: Uint8Array }, secrets = [secret]) =>
    check.check({ name: "orders", preset: "standard", secrets }, headers, body);
}

describe("a delivery to a webhook", () => {
  it("is accepted if it is signed with any of its secrets", () => {
    const check = checkAt({ ms: nowMs });
    const { id, body } = check(signed());
    assert.deepEqual([id, String(body)], ["msg_1", '{"order": 7}']);
    check(signed({ by: "the secret from before" }), [secret, "the secret from before"]);
  });

  for (const header of ["webhook-id", "webhook-timestamp", "webhook-signature"])
    it(`is refused without ${header}`, () => {
      const { headers, body } = signed();
      const { [header]: _, ...others } = headers;
      assert.throws(() => checkAt({ ms: nowMs })({ headers: others, body }), {
        code: "webhook.unsigned",
        message: new RegExp(`${header} is missing\\. Let the sender sign`),
      });
    });

  for (const [scenario, changed] of [
    ["by another secret", signed({ by: "another secret, as long" })],
    ["for another body", { ...signed(), body: bytes('{"order": 8}') }],
    ["for another id", { ...signed(), headers: { ...signed().headers, "webhook-id": "msg_2" } }],
    [
      "for another moment",
      { ...signed(), headers: { ...signed().headers, "webhook-timestamp": String(nowMs / 1_000 + 1) } },
    ],
    ["in no way", { ...signed(), headers: { ...signed().headers, "webhook-signature": "v1," } }],
  ] as const)
    it(`is rejected if it is signed ${scenario}`, () =>
      assert.throws(() => checkAt({ ms: nowMs })(changed), { code: "webhook.signature_wrong" }));

  for (const [scenario, sentMs] of [
    ["old", nowMs - 301_000],
    ["of a time to come", nowMs + 301_000],
  ] as const)
    it(`is rejected if it is ${scenario}`, () =>
      assert.throws(() => checkAt({ ms: nowMs })(signed({ sentMs })), { code: "webhook.late" }));

  for (const timestamp of ["", "soon", "-1", "1e9", "9".repeat(13), "NaN"])
    it(`is refused with ${JSON.stringify(timestamp)} for a moment`, () => {
      const { headers, body } = signed();
      assert.throws(
        () => checkAt({ ms: nowMs })({ headers: { ...headers, "webhook-timestamp": timestamp }, body }),
        {
          code: timestamp === "" ? "webhook.unsigned" : "webhook.late",
        },
      );
    });

  it("is rejected as a copy after it was accepted, but not after it was only checked", () => {
    const clock = { ms: nowMs };
    const check = checkAt(clock);
    check(signed());
    check(signed()).accept();
    assert.throws(() => check(signed()), { code: "webhook.replayed" });
    clock.ms += 300_000;
    assert.throws(() => check(signed()), { code: "webhook.replayed" });
    // From here on its moment alone refuses it.
    clock.ms += 1_000;
    assert.throws(() => check(signed()), { code: "webhook.late" });
  });

  it("may be repeated under the same id with a new signature", () => {
    const clock = { ms: nowMs };
    const check = checkAt(clock);
    check(signed()).accept();
    clock.ms += 5_000;
    assert.equal(check(signed({ sentMs: clock.ms })).id, "msg_1");
  });

  it("is no copy of a delivery to another webhook", () => {
    const check = new DeliveryCheck({ now: () => nowMs });
    const { headers, body } = signed();
    check.check({ name: "orders", preset: "standard", secrets: [secret] }, headers, body).accept();
    check.check({ name: "payments", preset: "standard", secrets: [secret] }, headers, body);
  });
});
