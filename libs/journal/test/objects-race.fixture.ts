import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type ArchivePartition, archiveErrors, type Changes } from "@tutti/journal";
import type { ObjectArchive } from "@tutti/journal/objects";
import { BatchFeed, character, snapshotOf } from "@tutti/journal/testing";
import { type Chance, isTuttiError, type Timer } from "@tutti/kernel";
import { seededChance } from "@tutti/kernel/testing";
import { InterceptedConnection, signal } from "./jetstream.fixture.ts";
import { directoryFor, openSmall, service } from "./objects.fixture.ts";

export interface ArchiveRaceOptions {
  readonly servers: readonly string[];
  readonly replicas: number;
  readonly rounds: number;
  readonly seed: number;
  /** Mean interval between step-downs of a leader, and between cut connections. Undefined for never. */
  readonly stepDownMs?: number;
  readonly cutMs?: number;
}

export interface ArchiveRaceResult {
  readonly rounds: number;
  readonly acknowledged: number;
  /** Commits without an acknowledgement, and those of them that were found durable. */
  readonly refused: number;
  readonly landed: number;
  readonly lateRefused: number;
  readonly stepDowns: number;
  readonly cuts: number;
}

/** Content of a partition's snapshot: the last owner that committed, and its number of commits. */
interface SnapshotContent {
  readonly epoch: number;
  readonly count: number;
}

const instance = character("one");
/** Share of the rounds in which copies are lost. */
const lost = 0.1;

/**
 * Two processes own a partition in turn. While one commits, the other opens under a newer epoch. The first continues
 * trying. The next owner starts with all acknowledged operations, in order and complete. Later attempts of an older
 * owner have no effect.
 */
export async function archiveRace(options: ArchiveRaceOptions): Promise<ArchiveRaceResult> {
  const directory = await directoryFor("race");
  const racing = new Race(options, directory);
  try {
    return await racing.run();
  } finally {
    await racing.close();
    await rm(directory, { recursive: true });
  }
}

interface Contender {
  readonly connection: InterceptedConnection;
  archive: ObjectArchive;
  partition: ArchivePartition;
  epoch: number;
  requests: number;
  acknowledged: number;
}

class Race {
  readonly #options: ArchiveRaceOptions;
  readonly #directory: string;
  readonly #chance: Chance;
  readonly #feed = new BatchFeed();
  readonly #contenders: Contender[] = [];
  readonly #troubles: Timer[] = [];
  #copies = 0;
  #covered = 0;
  readonly #result = { acknowledged: 0, refused: 0, landed: 0, lateRefused: 0, stepDowns: 0, cuts: 0 };

  constructor(options: ArchiveRaceOptions, directory: string) {
    this.#options = options;
    this.#directory = directory;
    this.#chance = seededChance(options.seed);
  }

  async run(): Promise<ArchiveRaceResult> {
    for (let count = 0; count < 2; count++) this.#contenders.push(await this.#contender());
    this.#scheduleFaults();
    let before: Contender | undefined;
    for (let round = 1; round <= this.#options.rounds; round++) {
      const owner = this.#contenders[round % 2] ?? assert.fail();
      await this.#round(round, owner, before);
      before = owner;
    }
    return { rounds: this.#options.rounds, ...this.#result };
  }

  async close(): Promise<void> {
    for (const timer of this.#troubles) timer.cancel();
    for (const { archive, connection } of this.#contenders) {
      await archive.close();
      await connection.stop(signal);
    }
  }

  async #round(epoch: number, owner: Contender, before: Contender | undefined): Promise<void> {
    if (this.#chance.random() < lost) await this.#loseCopies(owner);
    Object.assign(owner, { epoch, requests: 0, acknowledged: 0 });
    const old = before === undefined ? [] : this.#commitSome(before, 1 + this.#below(6));
    if (this.#chance.random() < 0.5) await old[this.#below(old.length)]?.catch(() => undefined);
    const opening = owner.partition.opening(epoch);
    if (before !== undefined) old.push(this.#commitUntilRefused(before));
    // The caller that fails meanwhile is awaited below.
    for (const commit of old) commit.catch(() => undefined);
    await opening;
    const found = await this.#inspect(owner);
    // Every answer that the old owner gets now was decided before the new one opened.
    await Promise.all(old);
    if (before !== undefined) this.#check(found, before);
    const own = this.#commitSome(owner, 1 + this.#below(4));
    await this.#late(before);
    await Promise.all(own);
    const mine = await this.#inspect(owner);
    assert.deepEqual(
      mine,
      { epoch, count: owner.acknowledged },
      "what the owner committed is there, and nothing else",
    );
  }

  /** Checks that the new owner has all answered operations of the old one, and perhaps unanswered ones. */
  #check({ epoch, count }: SnapshotContent, old: Contender): void {
    const about = `epoch ${old.epoch}: ${JSON.stringify({ epoch, count, requests: old.requests, told: old.acknowledged })}`;
    if (old.acknowledged > 0 || epoch === old.epoch) assert.equal(epoch, old.epoch, about);
    if (epoch !== old.epoch) return;
    assert.ok(count >= old.acknowledged && count <= old.requests, about);
    this.#result.landed += count - old.acknowledged;
  }

  /** The replaced owner tries once more, and is refused. */
  async #late(old: Contender | undefined): Promise<void> {
    if (old === undefined) return;
    await assert.rejects(() => old.partition.commit(old.epoch, this.#changes(old)), archiveErrors.fenced.is);
    this.#result.lateRefused++;
  }

  /** Commits one after the other until refused, like an owner that does not know yet that it was replaced. */
  async #commitUntilRefused(contender: Contender): Promise<void> {
    const { refused } = this.#result;
    for (let count = 0; count < 30 && this.#result.refused === refused; count++) {
      await Promise.all(this.#commitSome(contender, 1));
    }
  }

  #commitSome(contender: Contender, count: number): Promise<void>[] {
    return Array.from({ length: count }, async () => {
      const changes = this.#changes(contender);
      const requests = contender.requests;
      try {
        await contender.partition.commit(contender.epoch, changes);
        assert.equal(contender.acknowledged + 1, requests, "commits are answered in order");
        contender.acknowledged = requests;
        this.#result.acknowledged++;
      } catch (error) {
        if (!isTuttiError(error) || !archiveErrors.fenced.is(error)) throw error;
        this.#result.refused++;
      }
    });
  }

  #changes(contender: Contender): Changes {
    contender.requests++;
    const content = `${contender.epoch}/${contender.requests}`;
    const entry = { ...instance.entry, incarnation: 1, events: ++this.#covered };
    // Some are too large for an entry of the log.
    const text = this.#chance.random() < 0.05 ? content.padEnd(9_000) : content;
    return {
      coveredTo: this.#covered,
      partitionSnapshot: Buffer.from(content),
      snapshots: [{ ...snapshotOf(instance, { text }), incarnation: 1 }],
      entries: [entry],
    };
  }

  /** Returns the present content, which must be of one commit. */
  async #inspect({ partition, epoch }: Contender): Promise<SnapshotContent> {
    const { partitionSnapshot } = await partition.opening(epoch);
    const text = Buffer.from(partitionSnapshot).toString();
    if (text === "") return { epoch: 0, count: 0 };
    const [loaded] = await partition.load([instance.key]);
    assert.ok(loaded?.kind === "snapshot");
    assert.equal(Buffer.from(loaded.snapshot).toString().trim(), text, "a commit is there whole");
    const [committedEpoch = 0, count = 0] = text.split("/").map(Number);
    return { epoch: committedEpoch, count };
  }

  async #contender(): Promise<Contender> {
    const connection = await InterceptedConnection.to(this.#options.servers);
    const archive = await this.#open(connection);
    const counters = { epoch: 0, requests: 0, acknowledged: 0 };
    return { connection, archive, partition: archive.partition(0), ...counters };
  }

  async #loseCopies(contender: Contender): Promise<void> {
    await contender.archive.close();
    contender.archive = await this.#open(contender.connection);
    contender.partition = contender.archive.partition(0);
  }

  #open(connection: InterceptedConnection): Promise<ObjectArchive> {
    const copies = join(this.#directory, String(++this.#copies));
    return openSmall(connection, copies, this.#feed.source, {
      replicas: this.#options.replicas,
      partitions: 1,
    });
  }

  #scheduleFaults(): void {
    const { stepDownMs, cutMs } = this.#options;
    const [first] = this.#contenders;
    if (first === undefined) return;
    const { timers } = first.connection.foundation;
    const every = (ms: number, work: () => void): void => {
      const index = this.#troubles.length;
      const scheduleNext = (): Timer =>
        timers.after(ms * (0.5 + Math.floor(this.#chance.random() * 100) / 100), () => {
          work();
          this.#troubles[index] = scheduleNext();
        });
      this.#troubles.push(scheduleNext());
    };
    if (cutMs !== undefined) {
      every(cutMs, () => {
        const contender = this.#contenders[this.#below(2)];
        contender?.connection.dropConnection().then(
          () => this.#result.cuts++,
          () => undefined,
        );
      });
    }
    if (stepDownMs !== undefined) {
      every(stepDownMs, () => {
        const stream =
          this.#chance.random() < 0.7 ? `TUTTI_ARCHIVE_${service}_0` : `TUTTI_ARCHIVE_${service}`;
        const stepDown = async () => {
          const client = first.connection.client("test");
          await client.request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`, "");
        };
        stepDown().then(
          () => this.#result.stepDowns++,
          () => undefined,
        );
      });
    }
  }

  #below(limit: number): number {
    return Math.floor(this.#chance.random() * limit);
  }
}
