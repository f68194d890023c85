import { type NatsConnection, natsErrors } from "@tutti/nats";
import type { PartitionName, ServicePartitions } from "../port.ts";
import type { CommittedGroup } from "../segments/segments-journal.ts";
import { Answers } from "./answers.ts";
import { JetStreamJournal } from "./jetstream-journal.ts";
import { JetStreamPartition, type PartitionParts } from "./jetstream-partition.ts";
import { headBytes, partsMax } from "./message.ts";
import { streamOf } from "./names.ts";
import { overheadBytesMax, payloadBytesMin } from "./protocol.ts";
import { batchOverheadBytes, Room } from "./room.ts";
import { StreamSource } from "./source.ts";
import { checkServers } from "./start-checks.ts";
import { StreamLog } from "./stream-log.ts";
import { ensureStreams, type StreamOptions } from "./streams.ts";

/** Options of a journal on JetStream. */
export interface JetStreamOptions extends Partial<StreamOptions> {
  /** A started connection, which belongs to the caller. */
  readonly connection: NatsConnection;
  /** Each must have as many partitions as when it was created. More services may be added. */
  readonly services: readonly ServicePartitions[];
  /** Maximum bytes of records per batch. Default: 4 MiB. */
  readonly batchBytesMax?: number;
  /** Maximum bytes per message. Larger batches are sent in parts. Default and maximum: 8 MiB less 4 KiB. */
  readonly messageBytesMax?: number;
  /** Maximum bytes under way from all partitions. Default: four of the largest batches. */
  readonly underWayBytesMax?: number;
  /** After this time without an answer an append is `unknown`. Default: the connection's `requestTimeoutMs`. */
  readonly answerMs?: number;
  /** Called for each batch that became durable. */
  readonly committed?: (group: CommittedGroup) => void;
  /** A connection of the system account, to check whether a single server syncs before it acknowledges. */
  readonly system?: NatsConnection;
}

export interface OpenedJetStream {
  readonly journal: JetStreamJournal;
  /** Facts that could not be verified, as sentences. Also in the log. */
  readonly warnings: readonly string[];
}

/** Time for which a stream that was just created, maybe by another process, may be unknown to a server. */
const unknownMs = 10_000;
const batchBytesMaxByDefault = 4 * 1024 * 1024;
export const messageBytesMost = payloadBytesMin - overheadBytesMax - headBytes;

/**
 * Opens the journal in JetStream, or creates it. Waits while no server answers, until the signal is aborted. Throws for
 * servers that cannot guarantee the properties of a journal.
 */
export async function openJetStream(
  options: JetStreamOptions,
  signal: AbortSignal,
): Promise<OpenedJetStream> {
  const {
    connection,
    services,
    replicas = 1,
    bytesMax = -1,
    batchBytesMax = batchBytesMaxByDefault,
  } = options;
  const { messageBytesMax = messageBytesMost, underWayBytesMax = 4 * batchBytesMax } = options;
  if (!(messageBytesMax > 0 && messageBytesMax <= messageBytesMost)) {
    throw new RangeError(`expected messageBytesMax from 1 to ${messageBytesMost}, got ${messageBytesMax}`);
  }
  if (Math.ceil((batchBytesMax + overheadBytesMax) / messageBytesMax) > partsMax) {
    throw new RangeError(
      `expected a batch of ${batchBytesMax} bytes to have at most ${partsMax} parts, got parts of ${messageBytesMax} bytes`,
    );
  }
  if (underWayBytesMax < batchBytesMax + batchOverheadBytes) {
    throw new RangeError(
      `expected underWayBytesMax to have room for a batch of ${batchBytesMax} bytes, got ${underWayBytesMax}`,
    );
  }
  const warnings = await checkServers(connection, replicas, options.system);
  const logger = connection.foundation.logger.child({ component: "journal" });
  for (const warning of warnings) logger.warn(warning);
  for (const service of services) await ensureStreams(connection, service, { replicas, bytesMax }, signal);
  const logs = await Promise.all(namesOf(services).map((name) => openLog(connection, name, signal)));
  const answers = new Answers(connection);
  const room = new Room(underWayBytesMax, batchBytesMax);
  const answerMs = options.answerMs ?? connection.settings.requestTimeoutMs;
  const partitions = logs.map((log, index) => {
    const parts: PartitionParts = {
      connection,
      answers,
      room,
      log,
      batchBytesMax,
      messageBytesMax,
      answerMs,
      committed: options.committed,
    };
    return new JetStreamPartition(parts, log.name, index);
  });
  const journal = new JetStreamJournal({ connection, answers, room, partitions, batchBytesMax });
  return { journal, warnings };
}

function namesOf(services: readonly ServicePartitions[]): PartitionName[] {
  return services.flatMap(({ service, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => ({ service, partition })),
  );
}

async function openLog(
  connection: NatsConnection,
  name: PartitionName,
  signal: AbortSignal,
): Promise<StreamLog> {
  const stream = streamOf(name);
  const patienceMs = connection.settings.requestTimeoutMs;
  const source = new StreamSource({ connection, stream, name, patienceMs });
  const { clock } = connection.foundation;
  const operation = `opening of the stream ${stream}`;
  const untilMs = clock.monotonic() + unknownMs;
  const open = async (): Promise<StreamLog> => {
    const log = new StreamLog(name, source);
    try {
      await log.open();
      return log;
    } catch (error) {
      if (!natsErrors.missing.is(error) || clock.monotonic() > untilMs) throw error;
      throw natsErrors.unavailable(
        { operation, reason: "it is new, and some servers do not know it yet" },
        { cause: error },
      );
    }
  };
  return connection.persist(operation, open, signal);
}
