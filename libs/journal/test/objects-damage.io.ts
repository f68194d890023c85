import assert from "node:assert/strict";
import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { archiveErrors } from "@tutti/journal";
import { character, crowd, snapshotOf } from "@tutti/journal/testing";
import { isTuttiError } from "@tutti/kernel";
import { type NatsServer, natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import { accounts, accountsConfiguration, InterceptedConnection, signal } from "./jetstream.fixture.ts";
import { openSmall } from "./objects.fixture.ts";
import { idsOf, type Process, Processes, subjectsIn } from "./objects-owners.fixture.ts";

const program = await natsServerProgram();
const logStream = "TUTTI_ARCHIVE_workflow_0";
const objectStream = "TUTTI_ARCHIVE_workflow";

/** Flips a bit of a stored object. */
async function flip({ connection }: Process, subject: string, byte: number): Promise<void> {
  const request = JSON.stringify({ last_by_subj: subject });
  const answer = await connection.client("test").request(`$JS.API.DIRECT.GET.${objectStream}`, request);
  const data = Uint8Array.from(answer.data);
  data[byte] = (data[byte] ?? 0) ^ 16;
  await connection.jetstream("test").publish(subject, data);
}

async function isDamagedAt(opening: Promise<unknown>, place: RegExp): Promise<void> {
  await assert.rejects(opening, (error) => {
    assert.ok(isTuttiError(error) && archiveErrors.damaged.is(error), String(error));
    assert.match(error.message, place);
    return true;
  });
}

describe("damage to an archive in NATS", { skip: program.skip }, () => {
  let server: NatsServer;
  const nextAccount = accounts();
  before(async () => {
    server = await startNatsServer({ configuration: accountsConfiguration(10) });
  });
  after(() => server?.[Symbol.asyncDispose]());

  it("is reported with its place when an object has a flipped bit, or is not there", async () => {
    await using all = await Processes.of([server.address], nextAccount());
    const { story } = all;
    const owner = await all.start();
    await owner.partition.opening(1);
    const large = character("large");
    story.write(large);
    await owner.partition.commit(1, story.changes([snapshotOf(large, { text: "x".repeat(9_000) })]));
    const [subject = ""] = await subjectsIn(owner, objectStream);
    await flip(owner, subject, 4_000);
    const name = subject.slice("tutti.archive.objects.workflow.".length);
    const place = new RegExp(`stream ${objectStream}, row object ${name}: an object whose hash`);
    const reader = await all.start();
    await isDamagedAt(reader.partition.opening(2), place);
    await flip(owner, subject, 4_000);
    await reader.partition.opening(3);
    assert.equal((await reader.archive.figures()).liveInstances, 1);
    const manager = await owner.connection.manager("test");
    await manager.streams.purge(objectStream, { filter: subject });
    const missingObject = new RegExp(`stream ${objectStream}, row object ${name}: the object is missing`);
    await isDamagedAt((await all.start()).partition.opening(4), missingObject);
  });

  it("is reported with its place when a base has a flipped bit", async () => {
    await using all = await Processes.of([server.address], nextAccount());
    const { story } = all;
    const owner = await all.start();
    await owner.partition.opening(1);
    const isBase = (subject: string): boolean => subject.endsWith(".1");
    let subjects: string[] = [];
    for (let count = 0; count < 300 && subjects.length === 0; count++) {
      const some = crowd(`n${count}`, 10);
      story.write(...some);
      await owner.partition.commit(1, story.changes(some.map((instance) => snapshotOf(instance))));
      // The base is made in parallel with the commits, of which none is large enough for an object.
      const { state } = await (await owner.connection.manager("test")).streams.info(logStream);
      if (state.first_seq > 1) subjects = (await subjectsIn(owner, objectStream)).filter(isBase);
    }
    const [subject = ""] = subjects;
    await owner.archive.close();
    await flip(owner, subject, 1_000);
    await isDamagedAt(
      (await all.start()).partition.opening(2),
      /stream TUTTI_ARCHIVE_workflow, row object 0\.1\./,
    );
  });

  it("is reported with its position for a flipped bit anywhere in an entry of the log", async () => {
    const account = nextAccount();
    await using all = await Processes.of([server.address], account);
    const { story, feed } = all;
    const owner = await all.start();
    await owner.partition.opening(1);
    for (let count = 0; count < 3; count++) {
      story.write(character(`n${count}`));
      await owner.partition.commit(1, story.changes());
    }
    const connection = await InterceptedConnection.to([server.address], account);
    let epoch = 1;
    for (let byte = 0; byte < 120; byte += 7) {
      connection.tamper = (sequence, data) => {
        if (sequence !== 3) return data;
        const changed = Uint8Array.from(data);
        changed[byte] = (changed[byte] ?? 0) ^ 1;
        return changed;
      };
      const archive = await openSmall(connection, join(owner.copies, `of-${byte}`), feed.source);
      await isDamagedAt(archive.partition(0).opening(++epoch), /stream TUTTI_ARCHIVE_workflow_0, row 3: /);
      await archive.close();
    }
    connection.tamper = undefined;
    await connection.stop(signal);
  });

  it("is not done by a copy of another past, be it behind the log or ahead of it", async () => {
    await using all = await Processes.of([server.address], nextAccount());
    await using others = await Processes.of([server.address], nextAccount());
    const lived = async (processes: Processes, name: string, commits: number): Promise<Process> => {
      const owner = await processes.start();
      await owner.partition.opening(1);
      for (let count = 0; count < commits; count++) {
        processes.story.write(character(`${name}-${count}`));
        await owner.partition.commit(1, processes.story.changes());
      }
      await owner.archive.close();
      return owner;
    };
    const [short, long] = [await lived(all, "short", 2), await lived(others, "long", 4)];
    const foundWith = async (processes: Processes, copyOf: Process): Promise<string[]> => {
      const copy = await processes.start();
      await cp(copyOf.copies, copy.copies, { recursive: true });
      await copy.partition.opening(2);
      return idsOf(copy.archive);
    };
    assert.deepEqual(await foundWith(all, long), ["short-0", "short-1"]);
    assert.deepEqual(await foundWith(others, short), ["long-0", "long-1", "long-2", "long-3"]);
  });

  it("to a copy affects only the copy", async () => {
    await using all = await Processes.of([server.address], nextAccount());
    const { story } = all;
    const owner = await all.start("same");
    await owner.partition.opening(1);
    const some = crowd("one", 30);
    story.write(...some);
    await owner.partition.commit(1, story.changes(some.map((instance) => snapshotOf(instance))));
    await owner.archive.close();
    await writeFile(join(owner.copies, "0.db"), "this is no database at all".repeat(1_000));
    const restarted = await all.start("same");
    await restarted.partition.opening(2);
    assert.equal((await restarted.archive.figures()).liveInstances, 30);
  });
});
