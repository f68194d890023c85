import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Archive,
  archiveErrors,
  openArchiveInline,
  type SqliteArchive,
  verifyArchive,
} from "@tutti/journal";
import { BatchFeed, type Character, crowd, Story, snapshotOf } from "@tutti/journal/testing";
import { type Chance, isTuttiError } from "@tutti/kernel";
import { seededChance, VirtualTime } from "@tutti/kernel/testing";

/** Epoch of the only owner. */
const epoch = 1;
const files = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** An archive with some of everything in it, and its answers to all questions. */
export class Damage {
  readonly #directory: string;
  readonly #feed = new BatchFeed();
  readonly #chance: Chance;
  #all: Character[] = [];

  static async create(seed: number): Promise<Damage> {
    return new Damage(await mkdtemp(join(files, "tutti-damage-")), seed);
  }

  private constructor(directory: string, seed: number) {
    this.#directory = directory;
    this.#chance = seededChance(seed);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.#directory, { recursive: true });
  }

  #open(name: string): SqliteArchive {
    const options = { partitions: 1, source: this.#feed.source, clock: new VirtualTime() };
    return openArchiveInline(join(this.#directory, name), options);
  }

  async fill(): Promise<void> {
    const archive = this.#open("whole");
    const story = new Story(this.#feed, 0);
    const [long, ...others] = crowd("one", 200);
    assert.ok(long !== undefined);
    this.#all = [long, ...others];
    for (let count = 0; count < 50; count++) {
      story.write(...others.slice(count * 4, count * 4 + 4), long, long, long);
      if (count % 10 === 9) {
        const started = this.#all.filter(({ incarnation }) => incarnation > 0);
        for (const instance of started.slice(0, 60))
          if (instance !== long && instance.entry.endMs === 0) story.finish(instance);
        const live = started.filter(({ entry }) => entry.endMs === 0);
        await story.persist(
          archive.partition(0),
          live.map((instance) => snapshotOf(instance, { dueMs: instance.incarnation })),
        );
      }
    }
    this.#all = this.#all.filter(({ incarnation }) => incarnation > 0);
    await archive.partition(0).settle(epoch);
    await archive.close();
    assert.equal(verifyArchive(join(this.#directory, "whole")).kind, "sound");
  }

  /** Flips bits, one after the other. Returns how often it was reported and how often nothing had changed. */
  async flipBits(flips: number): Promise<{ reported: number; unharmed: number }> {
    const original = readFileSync(join(this.#directory, "whole", "archive.db"));
    const expected = await this.#answers("whole");
    const counts = { reported: 0, unharmed: 0 };
    for (let flip = 0; flip < flips; flip++) {
      const at = Math.floor(this.#chance.random() * original.length);
      const bit = 1 << Math.floor(this.#chance.random() * 8);
      await cp(join(this.#directory, "whole"), join(this.#directory, "flipped"), { recursive: true });
      const flipped = Buffer.from(original);
      flipped[at] = (flipped[at] ?? 0) ^ bit;
      writeFileSync(join(this.#directory, "flipped", "archive.db"), flipped);
      const found = verifyArchive(join(this.#directory, "flipped")).kind;
      const answers = await this.#answers("flipped");
      for (const [question, answer] of answers) {
        if (answer === "reported") continue;
        // An index of SQLite has no checksums: it may hide a row, and only a verification detects it.
        if (question === "due" && isPartOf(answer, expected.get(question)) && found === "damaged") continue;
        assert.deepEqual(
          answer,
          expected.get(question),
          `${question}, bit ${bit} of byte ${at}; verify: ${found}`,
        );
      }
      if ([...answers.values()].includes("reported")) {
        counts.reported++;
        assert.equal(found, "damaged", `byte ${at}`);
      } else counts.unharmed++;
      await rm(join(this.#directory, "flipped"), { recursive: true });
    }
    return counts;
  }

  /**
   * Commits, settles some of the commits, and flips a bit that is only in SQLite's log. Settled data must survive. The
   * rest survives as a prefix, and a verification reports the damage.
   */
  async flipLog(): Promise<{ settled: number; committed: number; found: number; verification: string }> {
    const archive = this.#open("log");
    const partition = archive.partition(0);
    await partition.opening(epoch);
    const feed = new BatchFeed();
    const story = new Story(feed, 0);
    const commit = async (count: number): Promise<void> => {
      for (const instance of crowd(`begin-${count}`, count)) {
        story.write(instance);
        await partition.commit(epoch, story.changes([snapshotOf(instance)]));
      }
    };
    await commit(10);
    await partition.settle(epoch);
    await commit(30);
    await cp(join(this.#directory, "log"), join(this.#directory, "crashed"), { recursive: true });
    await archive.close();
    const log = join(this.#directory, "crashed", "archive.db-wal");
    const bytes = readFileSync(log);
    const at = Math.floor(bytes.length * (0.2 + 0.5 * this.#chance.random()));
    bytes[at] = (bytes[at] ?? 0) ^ 16;
    writeFileSync(log, bytes);
    const verification = verifyArchive(join(this.#directory, "crashed")).text;
    const crashed = this.#open("crashed");
    const { coveredTo } = await crashed.partition(0).opening(epoch + 1);
    await crashed.close();
    await rm(join(this.#directory, "crashed"), { recursive: true });
    await rm(join(this.#directory, "log"), { recursive: true });
    return { settled: 10, committed: 40, found: coveredTo, verification };
  }

  /** Returns the answer to every question, or `reported`. */
  async #answers(name: string): Promise<Map<string, unknown>> {
    const answers = new Map<string, unknown>();
    const query = async (question: string, answer: () => Promise<unknown>): Promise<void> => {
      answers.set(question, await answer().catch(reported));
    };
    let archive: Archive | undefined;
    try {
      archive = this.#open(name);
    } catch (error) {
      return new Map([["open", reported(error)]]);
    }
    const partition = archive.partition(0);
    await query("opening", () => partition.opening(epoch));
    await query("due", () => partition.due(1_000, 1_000));
    for (const [index, { key, last, incarnation }] of this.#all.entries()) {
      await query(`load ${index}`, () => partition.load([key]));
      await query(`key ${index}`, () => partition.keyOf(incarnation));
      await query(`history ${index}`, () => partition.history({ key, last, afterEvent: 0, limit: 1_000 }));
    }
    await archive.close().catch(reported);
    return answers;
  }
}

function reported(error: unknown): "reported" {
  const isDeclared =
    isTuttiError(error) && (archiveErrors.damaged.is(error) || archiveErrors.failed.is(error));
  if (!isDeclared) throw error;
  return "reported";
}

function isPartOf(some: unknown, all: unknown): boolean {
  const texts = new Set(Array.isArray(all) ? all.map((item) => JSON.stringify(item)) : []);
  return Array.isArray(some) && some.every((item) => texts.has(JSON.stringify(item)));
}
