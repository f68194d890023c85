/**
 * A journal server that several processes share: it checks every append by number and epoch, and keeps
 * accepted ones. The network decides the fate of requests and acknowledgements in flight.
 */
import {
  type Append,
  type AppendOutcome,
  type JournalBatch,
  type JournalPartition,
  MemoryJournal,
  type Position,
  type Seal,
  type SealOutcome,
} from "@tutti/journal";
import type { Chronicle } from "../checks/chronicle.ts";
import type { World } from "../world/world.ts";

/** Maximum bytes of records in a batch. */
export const batchBytesMax = 256 * 1024;

/** Hooks that make a server accept wrong appends. */
export interface ServerSeams {
  /** Changes an append on arrival, with the end of the log. */
  append?(append: Append, last: Position): Append;
}

export class JournalServer {
  readonly partitions: readonly ServerPartition[];

  constructor(
    world: World,
    chronicle: Chronicle,
    service: string,
    partitions: number,
    seams: ServerSeams = {},
  ) {
    const journal = new MemoryJournal({
      services: [{ service, partitions }],
      batchBytesMax,
      // Each message is handled at once on arrival. Only the way takes time.
      schedule: (run) => run(),
    });
    this.partitions = journal.partitions.map((log) => new ServerPartition(world, chronicle, log, seams));
  }
}

export class ServerPartition {
  readonly #world: World;
  readonly #chronicle: Chronicle;
  readonly #log: JournalPartition;
  readonly #seams: ServerSeams;

  constructor(world: World, chronicle: Chronicle, log: JournalPartition, seams: ServerSeams) {
    this.#seams = seams;
    this.#world = world;
    this.#chronicle = chronicle;
    this.#log = log;
  }

  get service(): string {
    return this.#log.service;
  }

  get partition(): number {
    return this.#log.partition;
  }

  get first(): number {
    return this.#log.first;
  }

  get last(): Position {
    return this.#log.last;
  }

  async append(request: Append, writer: string): Promise<AppendOutcome> {
    const append = this.#seams.append?.(request, this.#log.last) ?? request;
    const outcome = await this.#log.append(append);
    if (outcome.kind === "durable") {
      const { number, epoch, timeMs, records } = append;
      this.#chronicle.durable(this.partition, { number, epoch, timeMs, seal: false, records, writer });
    } else this.#traceRefusal(writer, outcome.kind);
    return outcome;
  }

  async seal(seal: Seal, writer: string): Promise<SealOutcome> {
    const outcome = await this.#log.seal(seal);
    if (outcome.kind === "sealed") {
      const { number, epoch, timeMs } = this.#log.last;
      const records = new Uint8Array(0);
      this.#chronicle.durable(this.partition, { number, epoch, timeMs, seal: true, records, writer });
    } else this.#traceRefusal(writer, outcome.kind);
    return outcome;
  }

  async read(from: number): Promise<readonly JournalBatch[]> {
    const all: JournalBatch[] = [];
    for await (const slice of this.#log.read(from)) all.push(...slice);
    return all;
  }

  truncate(before: number): Promise<void> {
    return this.#log.truncate(before);
  }

  #traceRefusal(writer: string, kind: string): void {
    this.#world.trace(`journal ${this.partition}`, () => `refuses ${writer}: ${kind}`);
  }
}
