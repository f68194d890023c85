import assert from "node:assert/strict";
import { it } from "node:test";
import { Webhook } from "standardwebhooks";
import { isSignedBy, signedHeaders, signingHeaders } from "./signing.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const body = JSON.stringify({ order: 7, name: "Zoë" });

it("the reference implementation of Standard Webhooks verifies our signatures", () => {
  const headers = signedHeaders(secret, { id: "msg_1", nowMs: Date.now(), body });
  assert.deepEqual(new Webhook(secret).verify(body, headers), JSON.parse(body));
  assert.throws(() => new Webhook(secret).verify(`${body} `, headers), /signature/);
});

it("signatures of the reference implementation of Standard Webhooks are verified", () => {
  const sent = new Date(1_767_225_600_000);
  const timestamp = String(sent.getTime() / 1_000);
  const signature = new Webhook(secret).sign("msg_2", sent, body);
  assert.equal(isSignedBy(["another", secret], { id: "msg_2", timestamp, body }, signature), true);
  assert.equal(isSignedBy([secret], { id: "msg_3", timestamp, body }, signature), false);
  assert.equal(isSignedBy([secret], { id: "msg_2", timestamp, body: `${body} ` }, signature), false);
  assert.equal(signingHeaders.signature, "webhook-signature");
});
