import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openBucket } from "../src/index.ts";
import {
  connectionTo,
  type NatsAccount,
  natsAccount,
  natsServerProgram,
  type SharedNats,
  startSharedNats,
} from "../src/testing/index.ts";

const program = await natsServerProgram();
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("the NATS server that tests share", { skip: program.skip }, () => {
  let shared: SharedNats;
  const known = process.env["TEST_NATS"];
  before(async () => {
    shared = await startSharedNats();
    Object.assign(process.env, shared.env);
  });
  after(async () => {
    if (known === undefined) delete process.env["TEST_NATS"];
    else process.env["TEST_NATS"] = known;
    await shared?.stop();
  });

  const bucketOf = async ({ address, settings }: NatsAccount) => {
    const connection = await connectionTo([address], { settings });
    return { connection, bucket: await openBucket(connection, { name: "same" }) };
  };

  it("gives each file its own account with JetStream, isolated from the other accounts", async () => {
    const accounts = await Promise.all([natsAccount(), natsAccount(), natsAccount()]);
    assert.equal(new Set(accounts.map(({ user }) => user)).size, accounts.length);
    assert.equal(new Set(accounts.map(({ address }) => address)).size, 1);
    const [first, second] = await Promise.all(accounts.slice(1).map(bucketOf));
    await first?.bucket.put("key", text("one"));
    assert.equal(await second?.bucket.get("key"), undefined);
    assert.equal(await second?.bucket.put("key", text("other")), 1);
    for (const each of [first, second]) await each?.connection[Symbol.asyncDispose]();
  });
});
