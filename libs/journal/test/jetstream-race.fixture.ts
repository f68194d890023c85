/**
 * Two owners race for partitions, round after round: both seal and append at the same instant, or one seals
 * while the other appends, while leaders step down and connections are cut. After each round a third one
 * seals, reads, and compares the batches of the stream with the answers to both.
 */
import assert from "node:assert/strict";
import type { JournalBatch, JournalPartition } from "@tutti/journal";
import { type JetStreamJournal, openJetStream, streamOf } from "@tutti/journal/jetstream";
import { batchesFrom, recordBytes } from "@tutti/journal/testing";
import { type Chance, sleep, systemTimers } from "@tutti/kernel";
import { seededChance } from "@tutti/kernel/testing";
import { InterceptedConnection, signal } from "./jetstream.fixture.ts";

export interface RaceOptions {
  readonly servers: readonly string[];
  readonly replicas: number;
  /** Number of partitions raced for in parallel. */
  readonly partitions: number;
  readonly roundsEach: number;
  /** Percentage of rounds in which an owner has enough appends to pipeline. */
  readonly longRounds: number;
  /** Mean interval in milliseconds between step-downs of a leader, and between cut connections. */
  readonly trouble?: { readonly stepDownMs?: number; readonly cutMs?: number };
  readonly seed: number;
}

export interface RaceResult {
  rounds: number;
  acknowledged: number;
  unknown: number;
  /** Unknown appends that became durable. */
  landed: number;
  refused: number;
  /** Messages that were read as parts of batches. */
  messages: number;
  /** Other messages: of replaced owners, of incomplete batches, and a few that came after the last reading. */
  stray: number;
  stepDowns: number;
  cuts: number;
}

const service = "race";
const messageBytesMax = 2_000;
const timeMs = 1_767_225_600_000;

export async function race(options: RaceOptions): Promise<RaceResult> {
  const { servers, replicas, partitions, roundsEach, seed } = options;
  const result: RaceResult = {
    rounds: 0,
    acknowledged: 0,
    unknown: 0,
    landed: 0,
    refused: 0,
    messages: 0,
    stray: 0,
    stepDowns: 0,
    cuts: 0,
  };
  const connections = await Promise.all(
    [0, 1, 2].map((index) => InterceptedConnection.to([...servers.slice(index), ...servers.slice(0, index)])),
  );
  const journals: JetStreamJournal[] = [];
  for (const connection of connections) {
    const services = [{ service, partitions }];
    // Room for four partitions with the maximum under way.
    const underWayBytesMax = 64 * 1024 * 1024;
    const opened = openJetStream(
      {
        connection,
        services,
        replicas,
        batchBytesMax: 50_000,
        messageBytesMax,
        underWayBytesMax,
        answerMs: 2_000,
      },
      signal,
    );
    journals.push((await opened).journal);
  }
  const ended = new AbortController();
  const troubles = trouble(connections, options, result, ended.signal);
  const lanes = Array.from({ length: partitions }, (_, partition) =>
    raceFor(journals, partition, seededChance(seed + partition), { ...options, roundsEach }, result),
  );
  try {
    await Promise.all(lanes);
  } finally {
    ended.abort();
    await troubles;
    result.stray = await straysIn(connections[2], journals[2], result.messages);
    await Promise.all(journals.map((journal) => journal.close()));
    await Promise.all(connections.map((connection) => connection.stop(signal)));
  }
  return result;
}

/** One appender's record of its answers. */
class Racer {
  readonly #name: string;
  readonly partition: JournalPartition;
  readonly outcomes = new Map<string, "durable" | "unknown" | "refused">();
  readonly #numbers = new Map<string, number>();
  epoch = 0;
  #next = 0;
  #count = 0;

  constructor(name: string, partition: JournalPartition) {
    this.#name = name;
    this.partition = partition;
  }

  async seal(epoch: number): Promise<boolean> {
    const outcome = await this.partition.seal({ epoch, timeMs, behaviour: 1 });
    assert.ok(outcome.kind === "sealed" || outcome.kind === "fenced", outcome.kind);
    if (outcome.kind !== "sealed") return false;
    this.epoch = epoch;
    this.#next = outcome.number + 1;
    return true;
  }

  /** Appends `count` batches at the same time. Returns whether all became durable. */
  async append(count: number, bytes: number): Promise<boolean> {
    const kinds = await Promise.all(Array.from({ length: count }, () => this.#appendOne(bytes)));
    const firstFailed = kinds.findIndex((kind) => kind !== "durable");
    assert.ok(
      firstFailed === -1 || !kinds.slice(firstFailed).includes("durable"),
      `after one that failed all fail: ${kinds.join(" ")}`,
    );
    return firstFailed === -1;
  }

  async #appendOne(bytes: number): Promise<string> {
    const number = this.#next++;
    const id = `${this.#name}-${this.#count++}`;
    const records = recordBytes(id.padEnd(bytes, "."));
    const { epoch } = this;
    const { kind } = await this.partition.append({ epoch, number, timeMs, behaviour: 1, records, count: 1 });
    assert.notEqual(kind, "busy");
    this.outcomes.set(id, kind === "durable" || kind === "unknown" ? kind : "refused");
    this.#numbers.set(id, number);
    return kind;
  }

  numberOf(id: string): number | undefined {
    return this.#numbers.get(id);
  }
}

async function raceFor(
  journals: readonly JetStreamJournal[],
  partition: number,
  chance: Chance,
  options: RaceOptions,
  result: RaceResult,
): Promise<void> {
  const [one, two, three] = journals.map((journal) => journal.partition(service, partition));
  assert.ok(one !== undefined && two !== undefined && three !== undefined);
  let epoch = 0;
  for (let round = 0; round < options.roundsEach; round++) {
    const from: number = three.last.number + 1;
    const racers: readonly [Racer, Racer] = [new Racer(`a${round}`, one), new Racer(`b${round}`, two)];
    const isLong = chance.random() * 100 < options.longRounds;
    if (isLong) await takeOver(racers, epoch, chance);
    else await raceForEpoch(racers, epoch, chance);
    epoch += 3;
    const epochs: number[] = racers.map((racer: Racer) => racer.epoch).filter((sealed) => sealed > 0);
    assert.equal(new Set(epochs).size, epochs.length, "an epoch has one owner");
    const checker = new Racer(`c${round}`, three);
    assert.ok(await checker.seal(epoch), "a newer epoch can be sealed");
    const batches = await batchesFrom(three, from);
    check(batches, racers, result);
    assert.deepEqual(batches.at(-1)?.number, three.last.number);
    // From time to time the others read, too: all readers get the same batches.
    if (round % 20 === 0 && (await racers[0].seal(++epoch))) {
      assert.deepEqual(
        (await batchesFrom(one, from)).slice(0, batches.length).map(plain),
        batches.map(plain),
      );
    }
    if (round % 50 === 49) await three.truncate(from);
    result.rounds++;
  }
}

async function raceForEpoch(racers: readonly [Racer, Racer], epoch: number, chance: Chance): Promise<void> {
  // The same epoch for both, which no two owners should have, or one after the other.
  const epochs = chance.random() < 0.3 ? [epoch + 1, epoch + 1] : [epoch + 1, epoch + 2];
  if (chance.random() < 0.5) epochs.reverse();
  await Promise.all(
    racers.map(async (racer, index) => {
      if (!(await racer.seal(epochs[index] ?? 0))) return;
      const bytes = chance.random() < 0.2 ? 5_000 : 50;
      await racer.append(1 + Math.floor(chance.random() * 8), bytes);
    }),
  );
}

/** One owner has many batches under way, and the other seals between them. */
async function takeOver(
  [owner, next]: readonly [Racer, Racer],
  epoch: number,
  chance: Chance,
): Promise<void> {
  if (!(await owner.seal(epoch + 1))) return;
  if (!(await owner.append(80, 20))) return;
  const appending = owner.append(150, chance.random() < 0.2 ? 3_000 : 50);
  for (let turns = Math.floor(chance.random() * 30); turns > 0; turns--) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (await next.seal(epoch + 2)) await next.append(1 + Math.floor(chance.random() * 10), 50);
  await appending;
}

function idOf({ records }: JournalBatch): string {
  // The tag and length of record and id come before it.
  const text = new TextDecoder().decode(records);
  return /[abc]\d+-\d+/.exec(text)?.[0] ?? "";
}

function plain({ records, previousHash, ...rest }: JournalBatch) {
  return { ...rest, id: records.length, previousHash: Buffer.from(previousHash).toString("hex") };
}

/** The stream has all acknowledged batches, and otherwise only batches with an unknown outcome. */
function check(batches: readonly JournalBatch[], racers: readonly Racer[], result: RaceResult): void {
  const there = new Set<string>();
  const writers = new Map<number, string>();
  let epoch = 0;
  for (const batch of batches) {
    result.messages += Math.max(1, Math.ceil(batch.records.length / messageBytesMax));
    assert.ok(batch.epoch >= epoch, `batch ${batch.number} is of an older epoch than the one before`);
    if (batch.seal) {
      assert.ok(batch.epoch > epoch, `the seal ${batch.number} starts an epoch`);
      epoch = batch.epoch;
      continue;
    }
    assert.equal(batch.epoch, epoch, `batch ${batch.number} is of the epoch that was sealed last`);
    const id = idOf(batch);
    const racer = racers.find(({ outcomes }) => outcomes.has(id));
    assert.ok(racer !== undefined, `somebody appended "${id}"`);
    assert.ok(!there.has(id), `${id} is there once`);
    assert.equal(racer.numberOf(id), batch.number);
    there.add(id);
    const writer = id.slice(0, 1);
    assert.equal(writers.get(epoch) ?? writer, writer, `two owners wrote in epoch ${epoch}`);
    writers.set(epoch, writer);
  }
  for (const { outcomes } of racers) {
    for (const [id, outcome] of outcomes) {
      if (outcome === "durable") assert.ok(there.has(id), `${id} was acknowledged and is lost`);
      if (outcome === "refused") assert.ok(!there.has(id), `${id} was refused and is there`);
      if (outcome === "durable") result.acknowledged++;
      else if (outcome === "refused") result.refused++;
      else result.unknown++;
      if (outcome === "unknown" && there.has(id)) result.landed++;
    }
  }
}

async function trouble(
  connections: readonly InterceptedConnection[],
  { trouble: { stepDownMs, cutMs } = {}, partitions, seed }: RaceOptions,
  result: RaceResult,
  ended: AbortSignal,
): Promise<void> {
  const chance = seededChance(seed + 1_000);
  const every = async (meanMs: number | undefined, work: () => Promise<void>): Promise<void> => {
    while (meanMs !== undefined && !ended.aborted) {
      await sleep(systemTimers, meanMs * (0.5 + chance.random()), ended).catch(() => undefined);
      // A server without a connection or a leader at the moment is skipped.
      if (!ended.aborted) await work().catch(() => undefined);
    }
  };
  await Promise.all([
    every(stepDownMs, async () => {
      const partition = Math.floor(chance.random() * partitions);
      const subject = `$JS.API.STREAM.LEADER.STEPDOWN.${streamOf({ service, partition })}`;
      const answer = await connections[2]?.client("test").request(subject, "", { timeout: 1_000 });
      if (answer?.json<{ success?: boolean }>().success === true) result.stepDowns++;
    }),
    every(cutMs, async () => {
      await connections[Math.floor(chance.random() * 2)]?.dropConnection();
      result.cuts++;
    }),
  ]);
}

/** Counts messages that are not part of any batch: all messages of the streams, without those that were read. */
async function straysIn(
  connection: InterceptedConnection | undefined,
  journal: JetStreamJournal | undefined,
  counted: number,
): Promise<number> {
  let messages = 0;
  for (const partition of journal?.partitions ?? []) {
    const manager = await connection?.manager("test");
    messages += (await manager?.streams.info(streamOf(partition)))?.state.last_seq ?? 0;
  }
  return messages - counted;
}
