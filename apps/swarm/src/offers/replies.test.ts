import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Result } from "@tutti/contracts/agent/v1";
import { OfferReply } from "@tutti/contracts/swarm/v1";
import { Replies } from "./replies.ts";

const resultOf = (number: number, bytes: number) =>
  Result.fromPartial({
    token: Uint8Array.of(number),
    outcome: { $case: "inlineOutput", value: new Uint8Array(bytes) },
  });

describe("replies to a sender", () => {
  it("join the output of several turns, in order and as a copy", () => {
    const replies = new Replies();
    replies.welcome({ version: 1, instanceId: "inst_1", begunAfterMs: 20 });
    const reply = OfferReply.fromPartial({ results: [resultOf(1, 1)], resultAgents: [4] });
    replies.add(reply);
    reply.results = [resultOf(2, 1)];
    reply.resultAgents = [5];
    replies.add(reply);
    reply.results.length = 0;
    const joined = replies.shift();
    assert.equal(joined?.welcome?.instanceId, "inst_1");
    assert.deepEqual(
      joined?.results.map(({ token }) => [...token]),
      [[1], [2]],
    );
    assert.deepEqual(joined?.resultAgents, [4, 5]);
    assert.equal(replies.shift(), undefined);
  });

  it("are split if one would exceed the maximum message size", () => {
    const replies = new Replies();
    const results = Array.from({ length: 20 }, (_, number) => resultOf(number, 1_000_000));
    replies.add(OfferReply.fromPartial({ results, resultAgents: results.map((_, index) => index) }));
    const sent: OfferReply[] = [];
    for (let reply = replies.shift(); reply !== undefined; reply = replies.shift()) sent.push(reply);
    assert.ok(sent.every((reply) => OfferReply.encode(reply).finish().length < 4_194_304));
    assert.deepEqual(
      sent.flatMap((reply) => reply.resultAgents),
      results.map((_, index) => index),
    );
  });

  it("are empty without contents, and only then", () => {
    const replies = new Replies();
    replies.keepAlive();
    replies.keepAlive();
    assert.deepEqual(replies.shift(), OfferReply.create());
    assert.equal(replies.shift(), undefined);
  });
});
