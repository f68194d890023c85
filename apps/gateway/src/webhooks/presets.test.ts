/** Each scheme as its vendor documents it, with the values of its documentation where that has some. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import { DeliveryCheck } from "./delivery-check.ts";
import type { PresetName } from "./presets.ts";

const nowMs = 1_767_225_600_000;
const nowSec = nowMs / 1_000;
/** As in GitHub's documentation of webhooks. */
const secret = ["It's a Secret", "to Everybody"].join(" ");
const hex = (text: string, by = secret) => createHmac("sha256", by).update(text).digest("hex");
const body =
  '{"id":"evt_1","event_id":"Ev1","type":"payment_intent.succeeded","event":{"type":"app_mention"}}';

type Headers = Readonly<Record<string, string>>;

/** Headers of a body that is sent at a moment. */
const senders: Readonly<
  Record<Exclude<PresetName, "standard">, (text: string, sec: number, by?: string) => Headers>
> = {
  github: (text, _sec, by) => ({
    ...{ "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958", "x-github-event": "pull_request" },
    "x-hub-signature-256": `sha256=${hex(text, by)}`,
  }),
  stripe: (text, sec, by) => ({ "stripe-signature": `t=${sec},v1=${hex(`${sec}.${text}`, by)},v0=6ffbb59b` }),
  shopify: (text, _sec, by) => ({
    ...{ "x-shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043", "x-shopify-topic": "orders/create" },
    "x-shopify-hmac-sha256": Buffer.from(hex(text, by), "hex").toString("base64"),
  }),
  slack: (text, sec, by) => ({
    "x-slack-request-timestamp": String(sec),
    "x-slack-signature": `v0=${hex(`v0:${sec}:${text}`, by)}`,
  }),
};
const expected: Readonly<Record<keyof typeof senders, readonly [id: string, kind: string]>> = {
  github: ["72d3162e-cc78-11e3-81ab-4c9367dc0958", "pull_request"],
  stripe: ["evt_1", "payment_intent.succeeded"],
  shopify: ["b54557e4-bdd9-4b37-8a5f-bf7d70bcd043", "orders/create"],
  slack: ["Ev1", "app_mention"],
};

function check(
  preset: PresetName,
  headers: Headers,
  text = body,
  secrets = [secret],
  at = new DeliveryCheck({ now: () => nowMs }),
) {
  return at.check({ name: "in", preset, secrets }, headers, Buffer.from(text));
}

describe("webhooks of others", () => {
  for (const [preset, send] of Object.entries(senders) as [
    keyof typeof senders,
    (typeof senders)["github"],
  ][]) {
    it(`${preset}: is accepted with its id and kind if it is signed with any of the secrets`, () => {
      const result = check(preset, send(body, nowSec), body, ["another one", secret]);
      assert.deepEqual([result.id, result.kindOf(JSON.parse(body))], expected[preset]);
    });

    it(`${preset}: is refused with a wrong signature, another body or none`, () => {
      const wrong = { code: "webhook.signature_wrong" };
      assert.throws(() => check(preset, send(body, nowSec, "another secret")), wrong);
      assert.throws(() => check(preset, send(body, nowSec), body.replace("Ev1", "Ev2")), wrong);
      assert.throws(() => check(preset, {}), { code: "webhook.unsigned" });
    });
  }

  for (const preset of ["stripe", "slack"] as const) {
    it(`${preset}: an old delivery is rejected, and one with a changed timestamp`, () => {
      assert.throws(() => check(preset, senders[preset](body, nowSec - 301)), { code: "webhook.late" });
      const headers = Object.entries(senders[preset](body, nowSec - 301));
      const changed = headers.map(([name, value]) => [
        name,
        value.replace(String(nowSec - 301), String(nowSec)),
      ]);
      assert.throws(() => check(preset, Object.fromEntries(changed)), { code: "webhook.signature_wrong" });
    });

    it(`${preset}: an exact copy is rejected, and a later retry is accepted`, () => {
      const at = new DeliveryCheck({ now: () => nowMs });
      check(preset, senders[preset](body, nowSec), body, [secret], at).accept();
      assert.throws(() => check(preset, senders[preset](body, nowSec), body, [secret], at), {
        code: "webhook.replayed",
      });
      check(preset, senders[preset](body, nowSec + 1), body, [secret], at);
    });
  }

  for (const preset of ["github", "shopify"] as const)
    it(`${preset}: a repeated delivery is accepted again, under its id`, () => {
      const at = new DeliveryCheck({ now: () => nowMs });
      const first = check(preset, senders[preset](body, 0), body, [secret], at);
      first.accept();
      assert.equal(check(preset, senders[preset](body, 0), body, [secret], at).id, first.id);
    });

  it("github: the example in its documentation is valid", () => {
    const headers = {
      ...senders.github("", 0),
      "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    };
    check("github", headers, "Hello, World!");
  });

  it("slack: the example in its documentation is valid", () => {
    const text =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const headers = {
      "x-slack-request-timestamp": "1531420618",
      "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    };
    const at = new DeliveryCheck({ now: () => 1_531_420_618_000 });
    check("slack", headers, text, ["8f742231b10e8888abcd99yyyzzz85a5"], at);
  });
});
