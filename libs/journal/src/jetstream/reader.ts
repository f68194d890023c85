import type { Ledger } from "../ledger.ts";
import type { JournalBatch } from "../port.ts";
import { damagedMessage } from "./damage.ts";
import { type Followed, Follower } from "./follower.ts";
import type { BatchPlace } from "./places.ts";
import { MessagePurgedError } from "./source.ts";
import type { StreamLog } from "./stream-log.ts";

/**
 * A slice is returned at this size: small at first, for callers that want one batch. The size doubles with each slice.
 */
const sliceBatchesMax = 256;
const sliceBytesMax = 256 * 1024;

/**
 * Reads the batches of a partition from one on to the last durable one.
 *
 * The end is a message that was acknowledged, or seen by a follower of the stream. So everything before it is complete
 * and does not change any more. The reading ends only when it has seen exactly that batch, from any servers.
 */
export async function* readBatches(
  log: StreamLog,
  ledger: Ledger,
  from: number,
): AsyncGenerator<readonly JournalBatch[]> {
  const last = ledger.durableNumber;
  const end = log.followed.last?.end ?? 0;
  ledger.checkReadable(from, log.first);
  if (from > last) return;
  let next = from;
  while (next <= last) {
    try {
      for await (const slice of slices(log, next, end)) {
        next = (slice.at(-1)?.number ?? 0) + 1;
        yield slice;
      }
      if (next <= last)
        throw damagedMessage(log.stream, log.name, end, { found: `no batch ${next}`, number: next });
    } catch (error) {
      if (!(error instanceof MessagePurgedError)) throw error;
      // Truncated meanwhile. The wanted batch itself may still exist.
      await log.refreshFirst();
      ledger.checkReadable(next, log.first);
    }
  }
}

async function* slices(log: StreamLog, from: number, end: number): AsyncGenerator<readonly JournalBatch[]> {
  let slice: JournalBatch[] = [];
  let bytes = 0;
  let batchCount = 1;
  for await (const batch of batches(log, await log.startFor(from), end)) {
    if (batch.number < from) continue;
    slice.push(batch);
    bytes += batch.records.length;
    if (slice.length < batchCount && bytes < sliceBytesMax) continue;
    yield slice;
    slice = [];
    bytes = 0;
    batchCount = Math.min(sliceBatchesMax, batchCount * 2);
  }
  if (slice.length > 0) yield slice;
}

async function* batches(log: StreamLog, start: Followed, end: number): AsyncGenerator<JournalBatch> {
  const follower = new Follower(log.stream, log.name, start);
  for await (const { sequence, data } of log.source.messages(start.sequence + 1, end)) {
    const found = follower.receive(sequence, data);
    if (found === undefined) continue;
    log.places.add(found.batch.number, found.from, found.batch.seal);
    yield found.batch;
  }
}

/** Returns the start of the last batch with records up to a number. */
export async function batchStart(
  log: StreamLog,
  ledger: Ledger,
  number: number,
): Promise<BatchPlace | undefined> {
  const known = log.places.upTo(number);
  if (known !== undefined && (known.number === number || log.places.covers(known.number, number)))
    return known;
  let place: BatchPlace | undefined = known;
  const start = await log.startFor(Math.max(log.first, number - 1));
  const follower = new Follower(log.stream, log.name, start);
  const end = log.followed.last?.end ?? 0;
  for await (const { sequence, data } of log.source.messages(start.sequence + 1, end)) {
    const found = follower.receive(sequence, data);
    if (found === undefined) continue;
    if (found.batch.number > number) break;
    if (!found.batch.seal) place = { number: found.batch.number, sequence: found.from };
    if (found.batch.number === number || found.batch.number >= ledger.durableNumber) break;
  }
  return place;
}
