/** Servers that have lost acknowledged messages: no owner may continue as if nothing was lost. */
import assert from "node:assert/strict";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { archiveErrors, journalErrors } from "@tutti/journal";
import { openJetStream, streamOf } from "@tutti/journal/jetstream";
import { batchesFrom, character, Owner } from "@tutti/journal/testing";
import { type NatsServer, natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import { InterceptedConnection, serverConfiguration, signal } from "./jetstream.fixture.ts";
import { Processes } from "./objects-owners.fixture.ts";

const program = await natsServerProgram();
const service = "workflow";
const stream = streamOf({ service, partition: 0 });
const patience = { requestTimeoutMs: 500 };

describe("a NATS server that lost acknowledged messages", { skip: program.skip }, () => {
  let server: NatsServer;
  let past: string;

  beforeEach(async () => {
    server = await startNatsServer({ configuration: serverConfiguration });
    past = await mkdtemp(join(tmpdir(), "tutti-past-"));
  });
  afterEach(async () => {
    await server[Symbol.asyncDispose]();
    await rm(past, { recursive: true, force: true });
  });

  async function remember(): Promise<void> {
    await server.down();
    await cp(join(server.dir, "jetstream"), past, { recursive: true });
    await server.up();
  }

  /** As if its disk had lost data, or was replaced by an older copy. */
  async function loseData(): Promise<void> {
    await server.down();
    await rm(join(server.dir, "jetstream"), { recursive: true });
    await cp(past, join(server.dir, "jetstream"), { recursive: true });
    await server.up();
  }

  async function open() {
    const connection = await InterceptedConnection.to([server.address], patience);
    const { journal } = await openJetStream({ connection, services: [{ service, partitions: 1 }] }, signal);
    const lastSequence = async (): Promise<number> =>
      (await (await connection.manager("test")).streams.info(stream)).state.last_seq;
    return {
      ...{ connection, partition: journal.partition(service, 0), lastSequence },
      async [Symbol.asyncDispose]() {
        await journal.close();
        await connection.stop(signal);
      },
    };
  }

  const isLost = (error: unknown): true => {
    assert.ok(journalErrors.corrupt.is(error));
    assert.match(error.message, /damaged at stream .*the server lost what it acknowledged/);
    return true;
  };

  it("ends its owner's epoch, and rejects seals that would hide the missing part", async () => {
    await using opened = await open();
    const owner = await Owner.of(opened.partition, 1);
    for (let count = 0; count < 80; count++) await owner.append("kept");
    await remember();
    const nextOwner = await Owner.of(opened.partition, 2);
    for (let count = 0; count < 20; count++) assert.equal((await nextOwner.append("lost")).kind, "durable");
    await loseData();
    const outcome = await nextOwner.append("next");
    assert.match(outcome.kind, /unknown|stopped/);
    for (let epoch = 3; epoch <= 5; epoch++) {
      await assert.rejects(() => new Owner(opened.partition, epoch).seal(), isLost);
    }
    assert.equal(await opened.lastSequence(), 81);
  });

  it("is found out also when another process has written there since", async () => {
    await using opened = await open();
    await Owner.of(opened.partition, 1);
    await remember();
    const owner = await Owner.of(opened.partition, 2);
    for (let count = 0; count < 20; count++) assert.equal((await owner.append("lost")).kind, "durable");
    await loseData();
    await using two = await open();
    const next = await Owner.of(two.partition, 3);
    for (let count = 0; count < 40; count++) assert.equal((await next.append("other")).kind, "durable");
    await assert.rejects(() => new Owner(opened.partition, 4).seal(), isLost);
    // A caller without other knowledge accepts it.
    assert.equal((await batchesFrom(two.partition)).length, 42);
  });

  it("is reported to the owner that commits to an archive, and nothing more is written", async () => {
    await using all = await Processes.of([server.address], patience);
    const { story } = all;
    const started = await all.start();
    await started.partition.opening(1);
    story.write(character("first"));
    await started.partition.commit(1, story.changes());
    await remember();
    story.write(character("second"));
    await started.partition.commit(1, story.changes());
    await loseData();
    story.write(character("third"));
    await assert.rejects(
      () => started.partition.commit(1, story.changes()),
      (error: unknown) => {
        assert.ok(archiveErrors.damaged.is(error));
        assert.match(error.message, /stream TUTTI_ARCHIVE_workflow_0.*the server lost what it acknowledged/);
        return true;
      },
    );
  });
});
