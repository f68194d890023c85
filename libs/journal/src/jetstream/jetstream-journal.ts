import type { NatsConnection } from "@tutti/nats";
import { directoryOf } from "../ledger.ts";
import type { Journal, JournalPartition } from "../port.ts";
import type { Answers } from "./answers.ts";
import type { JetStreamPartition } from "./jetstream-partition.ts";
import type { Room } from "./room.ts";

export interface JetStreamJournalParts {
  readonly connection: NatsConnection;
  readonly answers: Answers;
  readonly room: Room;
  readonly partitions: readonly JetStreamPartition[];
  readonly batchBytesMax: number;
}

/** The journal on JetStream: a separate stream per partition. The connection belongs to the caller. */
export class JetStreamJournal implements Journal {
  readonly partitions: readonly JetStreamPartition[];
  readonly partition: (service: string, partition: number) => JournalPartition;
  readonly batchBytesMax: number;
  readonly #answers: Answers;
  readonly #room: Room;
  readonly #unlisten: () => void;
  #closed: Promise<void> | undefined;

  constructor({ connection, answers, room, partitions, batchBytesMax }: JetStreamJournalParts) {
    this.partitions = partitions;
    this.partition = directoryOf(partitions);
    this.batchBytesMax = batchBytesMax;
    this.#answers = answers;
    this.#room = room;
    this.#unlisten = connection.onState((state) => {
      if (state.kind === "connected") return;
      for (const partition of partitions) partition.disconnected();
    });
  }

  room(): Promise<void> | undefined {
    return this.#room.wait();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all(this.partitions.map((partition) => partition.close()));
    this.#unlisten();
    this.#answers.close();
  }
}
