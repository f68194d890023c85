import assert from "node:assert/strict";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { type Archive, MemoryArchive, MemoryArchiveStore, type Search } from "@tutti/journal";
import {
  type ArchiveFixture,
  BatchFeed,
  type Character,
  character,
  plainSearch,
  Story,
  snapshotOf,
} from "@tutti/journal/testing";
import { seededChance, VirtualTime } from "@tutti/kernel/testing";

const epoch = 1;

const search: Search = { ...plainSearch, limit: 13 };

/**
 * Does random operations of a runtime on an archive and on the simple one in memory: both must be equal at every
 * comparison. Now and then the process dies, and changes that were not covered are committed once more.
 */
export class Comparison {
  readonly #chance;
  readonly #feed = new BatchFeed();
  readonly #story = new Story(this.#feed, 0);
  readonly #characters: Character[] = [];
  readonly #model: MemoryArchive;
  readonly #open: (feed: BatchFeed) => Promise<ArchiveFixture>;
  #fixture: ArchiveFixture | undefined;
  #archive: Archive | undefined;
  /** Number of ids that may be reused. */
  #ids = 0;
  #steps: string[] = [];

  constructor(seed: number, open: (feed: BatchFeed) => Promise<ArchiveFixture>) {
    this.#chance = seededChance(seed);
    this.#open = open;
    const options = { partitions: 1, source: this.#feed.source, clock: new VirtualTime() };
    this.#model = new MemoryArchive({ ...options, store: new MemoryArchiveStore() });
  }

  async run(steps: number): Promise<void> {
    const fixture = await this.#open(this.#feed);
    this.#fixture = fixture;
    this.#archive = fixture.archive;
    for (const archive of this.#both()) await archive.partition(0).opening(epoch);
    try {
      for (let step = 0; step < steps; step++) {
        await this.#step();
        if (step % 10 === 9) await this.#compare();
      }
      await this.#compare();
    } catch (error) {
      throw new Error(`after ${this.#steps.join(", ")}`, { cause: error });
    } finally {
      await fixture[Symbol.asyncDispose]();
    }
  }

  async #step(): Promise<void> {
    const roll = this.#chance.random();
    if (roll < 0.35) this.#live(1 + this.#below(30));
    else if (roll < 0.4) this.#live(90);
    else if (roll < 0.65) await this.#commit();
    else if (roll < 0.8) await this.#pack();
    else if (roll < 0.9) await this.#purge();
    else if (roll < 0.95) await this.#reopen();
    else await this.#settle();
  }

  /** Writes some batches: new instances start, others continue or end. */
  #live(batches: number): void {
    this.#steps.push(`live ${batches}`);
    for (let count = 0; count < batches; count++) {
      const live = this.#characters.filter(({ entry }) => entry.endMs === 0);
      if (live.length < 4 || this.#chance.random() < 0.3) this.#characters.push(this.#anyCharacter());
      const some = this.#characters.filter(
        ({ entry, history }) => entry.endMs === 0 && (history.length === 0 || this.#chance.random() < 0.3),
      );
      if (some.length > 0) this.#story.write(...some, ...some.slice(0, this.#below(3)));
      for (const instance of some) if (this.#chance.random() < 0.15) this.#finish(instance);
    }
  }

  #anyCharacter(): Character {
    const labels: Record<string, string> = this.#chance.random() < 0.5 ? { a: String(this.#below(3)) } : {};
    // Ids of which every life was removed at its end are reused.
    const isFree = ({ key: { id } }: Character): boolean =>
      this.#characters.every(({ key, entry }) => {
        const isRemoved = entry.endMs > 0 && entry.keepUntilMs <= entry.endMs && entry.idKeptUntilMs === 0;
        return key.id !== id || isRemoved;
      });
    const free = this.#chance.random() < 0.3 ? this.#characters.find(isFree) : undefined;
    if (free !== undefined) return character(free.key.id, { labels });
    return character(`id-${this.#ids++}`, { labels, definition: `d${this.#below(2)}` });
  }

  #finish(instance: Character): void {
    const keepMs = [0, 200, 2_000, 100_000][this.#below(4)] ?? 0;
    const idKeptMs = this.#chance.random() < 0.3 ? 1_000 : 0;
    const status =
      this.#chance.random() < 0.5 ? WorkStatus.WORK_STATUS_FAILED : WorkStatus.WORK_STATUS_COMPLETED;
    this.#story.finish(instance, { keepMs, idKeptMs, status });
  }

  async #commit(): Promise<void> {
    this.#steps.push("commit");
    const entries = new Map(this.#story.changes().entries.map((entry) => [entry.incarnation, entry]));
    const changed = this.#characters.filter(({ incarnation }) => entries.has(incarnation));
    // Every covered instance has its snapshot, except ended ones. Some of those have one too.
    const snapshotted = changed.filter(({ entry }) => entry.endMs === 0 || this.#chance.random() < 0.2);
    const snapshots = snapshotted.map((instance) => {
      const dueMs = this.#chance.random() < 0.5 ? 0 : 1 + this.#below(1_000);
      return snapshotOf(
        instance,
        instance.entry.endMs > 0 ? {} : { dueMs, outstanding: this.#chance.random() < 0.3 },
      );
    });
    const coveredTo = this.#feed.last(0);
    const partitionSnapshot = this.#chance.random() < 0.5 ? Uint8Array.of(coveredTo % 256) : undefined;
    const changes = { coveredTo, partitionSnapshot, snapshots, entries: [...entries.values()] };
    for (const archive of this.#both()) {
      await archive.partition(0).commit(epoch, changes);
      // A restart repeats the commits that it finds in the journal.
      if (coveredTo % 5 === 0) await archive.partition(0).commit(epoch, changes);
    }
  }

  async #pack(): Promise<void> {
    const { coveredTo, packedTo } = await this.#model.partition(0).opening(epoch);
    const to = this.#chance.random() < 0.5 ? coveredTo : packedTo + this.#below(coveredTo - packedTo + 1);
    this.#steps.push(`pack ${to}`);
    for (const archive of this.#both()) await archive.partition(0).pack(epoch, to);
  }

  async #purge(): Promise<void> {
    const nowMs = this.#story.nowMs + this.#below(3) * 500;
    this.#steps.push(`purge ${nowMs - this.#story.nowMs}`);
    for (const archive of this.#both()) while (await archive.purge(nowMs));
  }

  async #reopen(): Promise<void> {
    this.#steps.push("reopen");
    if (this.#fixture === undefined) return;
    this.#archive = await this.#fixture.crash();
    await this.#archive.partition(0).opening(epoch);
  }

  async #settle(): Promise<void> {
    this.#steps.push("settle");
    const [one, other] = this.#both().map((archive) => archive.partition(0).settle(epoch));
    assert.equal(await one, await other);
  }

  #both(): Archive[] {
    return [this.#model, ...(this.#archive === undefined ? [] : [this.#archive])];
  }

  async #compare(): Promise<void> {
    const [model, archive] = this.#both();
    assert.ok(model !== undefined && archive !== undefined);
    const [actual, expected] = [await this.#readState(archive), await this.#readState(model)];
    for (const [index, { key, incarnation, entry }] of this.#characters.entries()) {
      const of = ({ loaded, known, histories }: typeof actual) => [
        loaded[index],
        known[index],
        histories[index],
      ];
      const about = `${key.id}, incarnation ${incarnation}: ${JSON.stringify(entry)}`;
      assert.deepEqual(of(actual), of(expected), about);
    }
    assert.deepEqual(actual, expected);
  }

  async #readState(archive: Archive) {
    const partition = archive.partition(0);
    const { liveInstances, endedInstances } = await archive.figures();
    const { partitionSnapshot, ...opening } = await partition.opening(epoch);
    const loaded = await partition.load(this.#characters.map(({ key }) => key));
    const known = await Promise.all(this.#characters.map(({ incarnation }) => partition.keyOf(incarnation)));
    const histories = [];
    for (const { key, last, history } of this.#characters) {
      const afterEvent = this.#ids % 2 === 0 ? 0 : Math.floor(history.length / 2);
      const page = await partition.history({ key, last, afterEvent, limit: 70 });
      histories.push(page.map(({ event, timeMs, place, record }) => [event, timeMs, place, record.length]));
    }
    const ids: string[] = [];
    let cursor = "";
    do {
      const page = await archive.search({ ...search, cursor });
      ids.push(
        ...page.entries.map(({ incarnation, status, events }) => `${incarnation} ${status} ${events}`),
      );
      cursor = page.cursor;
    } while (cursor !== "");
    return {
      figures: { liveInstances, endedInstances },
      opening,
      partitionSnapshot: [...partitionSnapshot],
      loaded: loaded.map((result) => ({
        ...result,
        snapshot: "snapshot" in result ? [...result.snapshot] : [],
      })),
      known,
      due: await partition.due(500, 20),
      next: await partition.nextDueMs(),
      outstanding: await partition.outstanding(3, 20),
      histories,
      ids,
    };
  }

  #below(limit: number): number {
    return Math.floor(this.#chance.random() * limit);
  }
}
