import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { archiveConformance, blobConformance } from "@tutti/journal/testing";
import { type Gate, gate } from "@tutti/kernel/testing";
import { type NatsServer, natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import { accounts, accountsConfiguration } from "./jetstream.fixture.ts";
import { blobsUnderTest, objectsUnderTest } from "./objects.fixture.ts";

const program = await natsServerProgram();

describe("archive and blobs on one NATS server", { skip: program.skip }, () => {
  let server: NatsServer;
  before(async () => {
    server = await startNatsServer({ configuration: accountsConfiguration(60) });
  });
  after(() => server?.[Symbol.asyncDispose]());
  const servers = (): string[] => [server.address];

  const nextAccount = accounts();

  archiveConformance(
    objectsUnderTest({ name: "NATS, copies lost", servers, nextAccount, losesCopies: true }),
  );
  const blobs = blobsUnderTest("NATS", servers, nextAccount);
  blobConformance(blobs);

  it("parts of a blob whose process died during the upload are removed a day later, and no others", async () => {
    await using fixture = await blobs.open();
    const blob = await fixture.blobs.put("default", [large]);
    const dead = gate();
    const dying = fixture.blobs.put("default", dyingAfter(dead));
    await dead.arrivals(1);
    await fixture.time.advance(23 * hourMs);
    const others = await fixture.crash();
    const sweep = () => others.sweep(0, { beforeMs: 0, isReferenced: async () => [] });
    const before = await fixture.messages();
    await sweep();
    assert.equal(await fixture.messages(), before);
    await fixture.time.advance(2 * hourMs);
    await sweep();
    // Its part, and the note of the started write.
    assert.equal(await fixture.messages(), before - 2);
    assert.equal((await others.find("default", blob.sha256))?.size, large.length);
    dead.open();
    await assert.rejects(dying, /died/);
  });
});

const hourMs = 3_600_000;
const large = new Uint8Array(600_000);

async function* dyingAfter(dead: Gate): AsyncGenerator<Uint8Array> {
  yield large;
  await dead.pass();
  throw new Error("died");
}
