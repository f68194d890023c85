/** Unexplained refusals of a server. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openJetStream, streamOf } from "@tutti/journal/jetstream";
import { batchesFrom, Owner } from "@tutti/journal/testing";
import { natsServerProgram } from "@tutti/nats/testing";
import { sharedConnection, signal } from "./jetstream.fixture.ts";

const program = await natsServerProgram();
const service = "workflow";
const stream = streamOf({ service, partition: 0 });

describe("a NATS server that refuses a batch without reason", { skip: program.skip }, () => {
  /** Returns an owner past its beginning, whose next messages are refused `times` times in a row without a reason. */
  async function refused(times: number) {
    const connection = await sharedConnection();
    const { journal } = await openJetStream({ connection, services: [{ service, partitions: 1 }] }, signal);
    const partition = journal.partition(service, 0);
    const owner = await Owner.of(partition, 1);
    await Promise.all(Array.from({ length: 80 }, () => owner.append("settled")));
    let remaining = times;
    let isFirst = true;
    connection.intercept = (_subject, send, reply) => {
      // The first of each attempt. The others find that the stream does not end where they expect.
      if (remaining > 0 && isFirst) {
        remaining--;
        const description = "wrong last sequence: 81";
        const error = { code: 400, err_code: 10071, description };
        connection.client("answer").publish(reply, JSON.stringify({ error, stream, seq: 0 }));
      } else send();
      isFirst = false;
      setImmediate(() => {
        isFirst = true;
      });
    };
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => owner.append("more")));
    connection.intercept = undefined;
    return {
      partition,
      kinds: new Set(outcomes.map(({ kind }) => kind)),
      async [Symbol.asyncDispose]() {
        await journal.close();
        await connection.stop(signal);
      },
    };
  }

  it("gets it again", async () => {
    await using done = await refused(3);
    assert.deepEqual([...done.kinds], ["durable"]);
    assert.equal((await batchesFrom(done.partition)).length, 121);
  });

  it("too often is not believed: the next seal shows which batches are there", async () => {
    await using done = await refused(4);
    assert.ok(!done.kinds.has("durable"));
    const next = await Owner.of(done.partition, 2);
    assert.equal(next.next, 83);
    assert.equal((await next.append("goes on")).kind, "durable");
  });
});
