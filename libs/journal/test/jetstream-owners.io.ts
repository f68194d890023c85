import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type JournalPartition, journalErrors } from "@tutti/journal";
import {
  type JetStreamJournal,
  type JetStreamOptions,
  openJetStream,
  streamOf,
} from "@tutti/journal/jetstream";
import { batchesFrom, Owner, recordBytes } from "@tutti/journal/testing";
import { latch } from "@tutti/kernel/testing";
import { type NatsServer, natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import {
  accounts,
  accountsConfiguration,
  InterceptedConnection,
  loseAnswer,
  serverConfiguration,
  signal,
} from "./jetstream.fixture.ts";

const program = await natsServerProgram();
const service = "workflow";
const stream = streamOf({ service, partition: 0 });

/** A separate process with the journal: its connection, its journal, and the only partition of it. */
interface Process extends AsyncDisposable {
  readonly connection: InterceptedConnection;
  readonly journal: JetStreamJournal;
  readonly partition: JournalPartition;
}

describe("owners of a partition on JetStream", { skip: program.skip }, () => {
  let server: NatsServer;
  before(async () => {
    server = await startNatsServer({ configuration: accountsConfiguration(20) });
  });
  after(() => server?.[Symbol.asyncDispose]());

  const nextAccount = accounts();
  /** Account of the running test. */
  let account = {};

  async function process(options: Partial<JetStreamOptions> = {}): Promise<Process> {
    const connection = await InterceptedConnection.to([server.address], account);
    const services = [{ service, partitions: 1 }];
    const { journal } = await openJetStream({ connection, services, answerMs: 1_000, ...options }, signal);
    return {
      connection,
      journal,
      partition: journal.partition(service, 0),
      async [Symbol.asyncDispose]() {
        connection.intercept = undefined;
        await journal.close();
        await connection.stop(signal);
      },
    };
  }

  /** Several processes, with streams that no other test has. */
  async function processes(count: number, options: Partial<JetStreamOptions> = {}) {
    account = nextAccount();
    const all: Process[] = [];
    for (let index = 0; index < count; index++) all.push(await process(options));
    const [one, two = one] = all;
    assert.ok(one !== undefined && two !== undefined);
    return {
      one,
      two,
      [Symbol.asyncDispose]: async () => {
        for (const each of all) await each[Symbol.asyncDispose]();
      },
    };
  }

  const info = async ({ connection }: Process) =>
    (await (await connection.manager("test")).streams.info(stream)).state;

  /** Returns an owner with enough appends to pipeline many messages. */
  async function settledOwner(partition: JournalPartition, epoch?: number): Promise<Owner> {
    const owner = await Owner.of(partition, epoch);
    const outcomes = await Promise.all(Array.from({ length: 80 }, () => owner.append("settled")));
    assert.ok(outcomes.every(({ kind }) => kind === "durable"));
    return owner;
  }

  const kindsOf = async (outcomes: readonly ReturnType<Owner["append"]>[]) =>
    (await Promise.all(outcomes)).map(({ kind }) => kind);

  it("ignore messages of a replaced owner that the server accepts after the next seal", async () => {
    await using both = await processes(1);
    const { one } = both;
    const old = await settledOwner(one.partition, 1);
    await using two = await process();
    const held: (() => void)[] = [];
    one.connection.intercept = (_subject, send) => held.push(send);
    const late = ["a", "b", "c", "d"].map((text) => old.append(text));
    const next = await Owner.of(two.partition, 2);
    const { last_seq: before } = await info(two);
    for (const send of held) send();
    assert.deepEqual(await kindsOf(late), ["fenced", "fenced", "fenced", "fenced"]);
    // The first came too late. For the others, the stream ended exactly where they expected.
    assert.equal((await info(two)).last_seq, before + 3);
    assert.deepEqual(await kindsOf([next.append("e"), next.append("f")]), ["durable", "durable"]);
    const read = await batchesFrom(two.partition, 81);
    assert.deepEqual(
      read.map(({ number, epoch, seal }) => [number, epoch, seal]),
      [
        [81, 1, false],
        [82, 2, true],
        [83, 2, false],
        [84, 2, false],
      ],
    );
    await using third = await process();
    assert.deepEqual(third.partition.last, two.partition.last);
    assert.deepEqual((await batchesFrom(third.partition, 81)).length, 4);
    assert.equal((await old.append("g", one.partition.last.number + 1)).kind, "fenced");
  });

  it("are replaced by one seal in the middle of their writes", async () => {
    await using both = await processes(2);
    const { one, two } = both;
    const old = await settledOwner(one.partition, 1);
    const written = Array.from({ length: 1_500 }, (_, index) => old.append(`record ${index}`));
    await written[100];
    const next = new Owner(two.partition, 2);
    assert.equal((await next.seal()).kind, "sealed");
    const kinds = await kindsOf(written);
    const durable = kinds.filter((kind) => kind === "durable").length;
    assert.deepEqual(new Set(kinds.slice(durable)), new Set(durable < 1_500 ? ["fenced"] : []));
    assert.equal(two.partition.last.number, 1 + 80 + durable + 1);
  });

  it("have every written batch after a seal, even if its acknowledgement was lost", async () => {
    await using both = await processes(1);
    const { one } = both;
    const owner = await settledOwner(one.partition, 1);
    loseAnswer(one.connection);
    const outcomes = [owner.append("landed"), owner.append("after")];
    const [first, second] = await kindsOf(outcomes);
    assert.equal(first, "unknown");
    assert.ok(second === "unknown" || second === "stopped");
    const later = await owner.append("later", one.partition.last.number + 1);
    assert.equal(later.kind, "stopped");
    assert.match(
      later.kind === "stopped" ? later.refusal.message : "",
      /Partition 0 of workflow is not sealed/,
    );
    const nextOwner = await Owner.of(one.partition, 2);
    const texts = (await batchesFrom(one.partition, 82)).filter(({ seal }) => !seal);
    assert.deepEqual(Buffer.from(texts[0]?.records ?? []), Buffer.from(recordBytes("landed")));
    assert.equal((await nextOwner.append("goes on")).kind, "durable");
  });

  it("get only certain answers when the connection is lost before anything was sent", async () => {
    await using both = await processes(1);
    const { one } = both;
    const owner = await settledOwner(one.partition, 1);
    one.connection.intercept = () => undefined;
    const outcomes = [owner.append("lost"), owner.append("lost")];
    await one.connection.dropConnection();
    assert.deepEqual(await kindsOf(outcomes), ["unknown", "unknown"]);
    one.connection.intercept = undefined;
    const nextOwner = await Owner.of(one.partition, 2);
    assert.equal(nextOwner.next, 83);
  });

  it("are sealed once if the seal was written although its acknowledgement was lost", async () => {
    await using both = await processes(1);
    const { one } = both;
    await settledOwner(one.partition, 1);
    loseAnswer(one.connection);
    const owner = await Owner.of(one.partition, 2);
    assert.equal((await owner.append("x")).kind, "durable");
    const seals = (await batchesFrom(one.partition)).filter(({ seal }) => seal);
    assert.deepEqual(
      seals.map(({ epoch }) => epoch),
      [1, 2],
    );
  });

  it("are reduced to one if two seal the same epoch at the same time", async () => {
    await using both = await processes(2);
    for (let epoch = 1; epoch <= 20; epoch++) {
      const owners = [new Owner(both.one.partition, epoch), new Owner(both.two.partition, epoch)];
      const kinds = await Promise.all(owners.map(async (owner) => (await owner.seal()).kind));
      assert.deepEqual(kinds.sort(), ["fenced", "sealed"]);
    }
  });

  it("wait with their seal until the server returns, and find all batches there", async () => {
    await using restarted = await startNatsServer({
      configuration: serverConfiguration,
      jetstream: "sync_interval: always",
    });
    await using connection = await InterceptedConnection.to([restarted.address]);
    const services = [{ service, partitions: 1 }];
    const { journal } = await openJetStream({ connection, services }, signal);
    const partition = journal.partition(service, 0);
    const owner = await Owner.of(partition, 1);
    assert.equal((await owner.append("kept")).kind, "durable");
    await restarted.down("kill");
    assert.match((await owner.append("gone")).kind, /unknown|stopped/);
    const sealing = new Owner(partition, 2).seal();
    await restarted.up();
    const outcome = await sealing;
    assert.equal(outcome.kind, "sealed");
    const batches = await batchesFrom(partition);
    assert.deepEqual(Buffer.from(batches[1]?.records ?? []), Buffer.from(recordBytes("kept")));
    await journal.close();
  });

  describe("large batches", () => {
    const options = { batchBytesMax: 50_000, messageBytesMax: 2_000, underWayBytesMax: 10_000_000 };

    it("are sent in parts, and exist when the last part arrives", async () => {
      await using both = await processes(1, options);
      const { one } = both;
      const owner = await settledOwner(one.partition, 1);
      const large = new Uint8Array(45_000).map((_, index) => index);
      assert.deepEqual(await kindsOf([owner.append(large), owner.append("small"), owner.append(large)]), [
        "durable",
        "durable",
        "durable",
      ]);
      await using other = await process(options);
      const [first, , third] = await batchesFrom(other.partition, 82);
      for (const batch of [first, third])
        assert.deepEqual(Buffer.from(batch?.records ?? []), Buffer.from(large));
      assert.deepEqual(other.partition.last, one.partition.last);
    });

    it("without their last parts are ignored by readers", async () => {
      await using both = await processes(2, options);
      const { one, two } = both;
      const owner = await Owner.of(one.partition, 1);
      const sent = latch();
      let parts = 0;
      one.connection.intercept = (_subject, send) => {
        if (++parts <= 5) send();
        else sent.open();
      };
      const outcome = owner.append(new Uint8Array(45_000));
      await sent.opened;
      await one.connection.dropConnection();
      // Parts were never sent, so there is no doubt.
      assert.equal((await outcome).kind, "stopped");
      const next = await Owner.of(two.partition, 2);
      assert.equal(next.next, 3);
      assert.equal((await next.append("b")).kind, "durable");
      assert.deepEqual(
        (await batchesFrom(two.partition)).map(({ epoch }) => epoch),
        [1, 2, 2],
      );
    });
  });

  it("that truncate make the stream smaller, and reads work from any remaining number", async () => {
    await using both = await processes(1, { batchBytesMax: 50_000, messageBytesMax: 2_000 });
    const { one } = both;
    let owner = await settledOwner(one.partition, 1);
    for (let epoch = 2; epoch <= 4; epoch++) {
      owner = await Owner.of(one.partition, epoch);
      for (let count = 0; count < 5; count++) await owner.append(new Uint8Array(7_000));
      await Promise.all(Array.from({ length: 150 }, () => owner.append("x")));
    }
    const before = await info(one);
    await one.partition.truncate(60);
    assert.equal((await info(one)).messages, before.messages - 59);
    assert.equal(one.partition.first, 60);
    await using other = await process({ batchBytesMax: 50_000, messageBytesMax: 2_000 });
    const { partition } = other;
    assert.deepEqual([partition.first, partition.last.number], [60, one.partition.last.number]);
    for (const from of [350, 60, 500, 82, 83, 238, 70, partition.last.number]) {
      for await (const [batch] of partition.read(from)) {
        assert.equal(batch?.number, from);
        break;
      }
    }
    // Nothing starts with a seal, because only the batch before it gives its number.
    await partition.truncate(82);
    assert.equal(partition.first, 81);
    await assert.rejects(
      () => batchesFrom(one.partition, 70),
      (error) => journalErrors.truncated.is(error),
    );
  });

  it("may truncate while another process opens the journal", async () => {
    await using both = await processes(1);
    const { one } = both;
    await settledOwner(one.partition, 1);
    await one.partition.truncate(20);
    await using connection = await InterceptedConnection.to([server.address], account);
    // It has read the start of the stream, which has been removed since.
    connection.beforeReading = () => one.partition.truncate(60);
    const services = [{ service, partitions: 1 }];
    const { journal } = await openJetStream({ connection, services }, signal);
    const partition = journal.partition(service, 0);
    assert.deepEqual([partition.first, partition.last.number], [60, 81]);
    await journal.close();
  });

  it("are distinguished by their epochs also when all seals were truncated", async () => {
    await using both = await processes(1);
    const { one } = both;
    await settledOwner(one.partition, 7);
    await using two = await process();
    await one.partition.truncate(60);
    await using three = await process();
    assert.equal(three.partition.last.epoch, 7);
    assert.equal((await new Owner(three.partition, 6).seal()).kind, "fenced");
    const kinds = await Promise.all(
      [one, two, three].map(async ({ partition }) => (await new Owner(partition, 8).seal()).kind),
    );
    assert.deepEqual(kinds.sort(), ["fenced", "fenced", "sealed"]);
    assert.equal((await Owner.of(two.partition, 9)).next, 84);
  });

  it("receive the position of a message damaged on its way from the server, and nothing after it", async () => {
    await using both = await processes(1);
    const { one } = both;
    const owner = await Owner.of(one.partition, 1);
    for (let count = 0; count < 10; count++) await owner.append("as it was");
    for (const [byte, field] of [
      [9, "epoch"],
      [70, "header"],
      [-3, "record"],
    ] as const) {
      one.connection.tamper = (sequence, data) => {
        if (sequence !== 6) return data;
        const flipped = Uint8Array.from(data);
        const at = byte < 0 ? flipped.length + byte : byte;
        flipped[at] = (flipped[at] ?? 0) ^ 4;
        return flipped;
      };
      const numbers: number[] = [];
      const reading = async () => {
        for await (const slice of one.partition.read(1)) numbers.push(...slice.map(({ number }) => number));
      };
      await assert.rejects(reading, (error: unknown) => {
        assert.ok(journalErrors.corrupt.is(error), field);
        assert.match(error.message, new RegExp(`damaged at stream ${stream}, message 6, byte`));
        return true;
      });
      assert.ok(numbers.every((number) => number < 6));
    }
  });

  it("are notified when a message is missing", async () => {
    await using both = await processes(1);
    const { one } = both;
    const owner = await Owner.of(one.partition, 1);
    for (let count = 0; count < 10; count++) await owner.append("as it was");
    one.connection.tamper = (sequence, data) => (sequence === 6 ? undefined : data);
    await assert.rejects(
      () => batchesFrom(one.partition),
      /damaged at stream .*, message 6, byte 0.*the message is missing/,
    );
  });
});
