import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Msg } from "@nats-io/transport-node";
import { deliveredOf } from "./delivered.ts";

describe("deliveredOf", () => {
  const withReply = (reply: string): Msg => ({
    subject: "tutti.events.default.a.b.c",
    sid: 1,
    reply,
    data: new Uint8Array(),
    respond: () => true,
    json: () => assert.fail(),
    string: () => "",
  });

  for (const [kind, reply] of [
    ["servers without domains", "$JS.ACK.STREAM.consumer.2.71.9.1767225600123456789.4"],
    [
      "servers with domain and account",
      "$JS.ACK._.ACCOUNT.STREAM.consumer.2.71.9.1767225600123456789.4.random",
    ],
  ] as const) {
    it(`reads the place of a message from ${kind}`, () => {
      const { sequence, delivery, deliveries, pending, timeMs } = deliveredOf(withReply(reply)) ?? {};
      assert.deepEqual(
        { sequence, delivery, deliveries, pending, timeMs },
        { sequence: 71, delivery: 9, deliveries: 2, pending: 4, timeMs: 1_767_225_600_123 },
      );
    });
  }

  for (const reply of ["", "_INBOX.x", "$JS.ACK.", "$JS.ACK.STREAM.consumer.x.y.z.0.0"]) {
    it(`sees no delivery in ${JSON.stringify(reply)}`, () => {
      assert.equal(deliveredOf(withReply(reply)), undefined);
    });
  }
});
