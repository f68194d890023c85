/**
 * Imports a journal from elsewhere into empty streams.
 *
 * 1. Batches keep their numbers and bytes, so that hashes and the chain of batches stay valid.
 * 2. An origin represents the batches that were cut.
 * 3. There is no other writer. In the end each stream is read as its owner will read it, and must end as the journal
 *    does.
 */
import { type NatsConnection, natsErrors, wrongRevisionOf } from "@tutti/nats";
import { HeaderEncoder } from "../batch/header.ts";
import type { Journal, JournalBatch, JournalPartition, Position, ServicePartitions } from "../port.ts";
import { encodeBatch } from "./encode.ts";
import { jetstreamErrors } from "./errors.ts";
import { headBytes, markOf, originOf, partsOf } from "./message.ts";
import { streamOf, subjectsOf } from "./names.ts";
import { messageBytesMost, openJetStream } from "./open.ts";
import { StreamSource } from "./source.ts";
import { ensureStreams, type StreamOptions } from "./streams.ts";

export interface JournalImport extends StreamOptions {
  readonly connection: NatsConnection;
  readonly services: readonly ServicePartitions[];
}

type Source = Pick<Journal, "partitions">;
type Message = readonly [subject: string, bytes: Uint8Array];

/** No owner has this number: each draws its own. */
const noOwner = 0;
/** Partitions imported at the same time, each one batch after the other. */
const partitionsAtOnce = 16;

export async function importJournal(from: Source, to: JournalImport, signal: AbortSignal): Promise<void> {
  const { connection, services, replicas, bytesMax } = to;
  for (const service of services) await ensureStreams(connection, service, { replicas, bytesMax }, signal);
  const waiting = [...from.partitions];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await importPartition(next, connection, signal);
    }
  };
  await Promise.all(Array.from({ length: partitionsAtOnce }, work));
  const { journal } = await openJetStream({ connection, services, replicas, bytesMax }, signal);
  try {
    for (const partition of from.partitions) {
      const { service, partition: number } = partition;
      requireEnd(partition, journal.partition(service, number).last);
    }
  } finally {
    await journal.close();
  }
}

async function importPartition(
  from: JournalPartition,
  connection: NatsConnection,
  signal: AbortSignal,
): Promise<void> {
  const { service, partition } = from;
  const stream = streamOf(from);
  const { requestTimeoutMs: patienceMs } = connection.settings;
  const source = new StreamSource({ connection, stream, name: { service, partition }, patienceMs });
  const { last } = await connection.persist(`opening of the stream ${stream}`, () => source.ends(), signal);
  if (last > 0) throw jetstreamErrors.streamNotEmpty({ stream, last });
  let sequence = 0;
  for await (const message of messagesOf(from)) {
    await publish(message, sequence, { connection, source, signal });
    sequence++;
  }
}

async function* messagesOf(from: JournalPartition): AsyncGenerator<Message> {
  const { batches: subject, seals } = subjectsOf(from);
  const encoder = new HeaderEncoder(from.service, from.partition);
  if (from.last.number > 0 && from.first > from.last.number) yield [subject, originOf(from.last)];
  let isFirst = true;
  for await (const slice of from.first > from.last.number ? [] : from.read(from.first)) {
    for (const batch of slice) {
      if (isFirst && batch.number > 1) yield [subject, originBefore(batch)];
      isFirst = false;
      if (batch.seal) yield [seals, markOf({ ...batch, owner: noOwner })];
      else for (const part of messagesOfBatch(batch, encoder)) yield [subject, part];
    }
  }
}

function messagesOfBatch(batch: JournalBatch, encoder: HeaderEncoder): readonly Uint8Array[] {
  const bytes = encodeBatch(encoder, batch, batch.previousHash, batch.records, headBytes);
  return partsOf(bytes, { ...batch, owner: noOwner }, messageBytesMost);
}

/** A seal starts an epoch, so the batch before it is of an older one. */
function originBefore({ number, epoch, seal, timeMs, previousHash }: JournalBatch): Uint8Array {
  return originOf({ number: number - 1, epoch: seal ? epoch - 1 : epoch, timeMs, hash: previousHash });
}

interface Surroundings {
  readonly connection: NatsConnection;
  readonly source: StreamSource;
  readonly signal: AbortSignal;
}

/** Retries until the stream contains the message. */
async function publish([subject, bytes]: Message, before: number, parts: Surroundings): Promise<void> {
  const { connection, source, signal } = parts;
  const operation = "import into the journal";
  for (let failures = 1; ; failures++) {
    signal.throwIfAborted();
    try {
      await connection.run(operation, () =>
        connection.jetstream(operation).publish(subject, bytes, { expect: { lastSequence: before } }),
      );
      return;
    } catch (error) {
      const isOpen = natsErrors.unavailable.is(error) || wrongRevisionOf(error) !== undefined;
      if (!isOpen) throw error;
    }
    await connection.pause(failures, signal);
    const ends = await connection.persist(operation, () => source.ends(), signal);
    if (ends.last > before) return;
  }
}

function requireEnd({ service, partition, last }: JournalPartition, found: Position): void {
  const isSame = found.number === last.number && Buffer.compare(found.hash, last.hash) === 0;
  if (!isSame) {
    throw jetstreamErrors.importedWrongly({ service, partition, expected: last.number, found: found.number });
  }
}
