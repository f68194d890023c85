/**
 * A process's view of the journal server. Appends are pipelined on one connection. After a missing
 * acknowledgement, the outcome of that append and of all later ones is unknown. The partition then accepts
 * nothing until it is sealed.
 */
import {
  type Append,
  type AppendOutcome,
  type Failure,
  type Journal,
  type JournalBatch,
  type JournalPartition,
  journalErrors,
  type Position,
  type Seal,
  type SealOutcome,
} from "@tutti/journal";
import type { Timer } from "@tutti/kernel";
import { Connection, type Network } from "../network/network.ts";
import type { Life } from "../world/process.ts";
import type { World } from "../world/world.ts";
import { batchBytesMax, type JournalServer, type ServerPartition } from "./journal-server.ts";
import { never } from "./observed-journal.ts";

/** Time without an acknowledgement after which an append is unknown. */
const timeoutMs = 2_000;

export interface ServerLink {
  readonly world: World;
  readonly life: Life;
  readonly network: Network;
  readonly server: JournalServer;
  /** Maximum of concurrent appends of one partition. */
  readonly appendsMax: number;
}

export class JournalClient implements Journal {
  readonly partitions: readonly ClientPartition[];
  readonly batchBytesMax: number = batchBytesMax;

  constructor(link: ServerLink) {
    const line = { there: new Connection(), back: new Connection() };
    this.partitions = link.server.partitions.map((partition) => new ClientPartition(link, line, partition));
  }

  partition(_service: string, partition: number): ClientPartition {
    const found = this.partitions[partition];
    if (found === undefined) throw new Error(`there is no partition ${partition}`);
    return found;
  }

  room(): Promise<void> | undefined {
    for (const partition of this.partitions) {
      const room = partition.room();
      if (room !== undefined) return room;
    }
    return;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

interface Line {
  readonly there: Connection;
  readonly back: Connection;
}

interface Waiting {
  readonly settle: (outcome: AppendOutcome) => void;
  outcome: AppendOutcome | undefined;
  timer: Timer | undefined;
}

export class ClientPartition implements JournalPartition {
  readonly service: string;
  readonly partition: number;
  readonly #link: ServerLink;
  readonly #line: Line;
  readonly #server: ServerPartition;
  #last: Position;
  #stopped: string | undefined;
  readonly #inFlight: Waiting[] = [];
  #onRoom: (() => void)[] = [];

  constructor(link: ServerLink, line: Line, server: ServerPartition) {
    this.service = server.service;
    this.partition = server.partition;
    this.#link = link;
    this.#line = line;
    this.#server = server;
    this.#last = server.last;
  }

  get first(): number {
    return this.#server.first;
  }

  get last(): Position {
    return this.#last;
  }

  room(): Promise<void> | undefined {
    if (this.#inFlight.length < this.#link.appendsMax) return;
    return new Promise((resolve) => this.#onRoom.push(resolve));
  }

  append(append: Append): Promise<AppendOutcome> {
    const { life } = this.#link;
    if (!life.cross()) return never();
    if (this.#stopped !== undefined) return Promise.resolve(stopped(this.#stopped));
    if (this.#inFlight.length >= this.#link.appendsMax) return Promise.resolve(this.#busy());
    const copy = { ...append, records: append.records.slice() };
    return new Promise((settle) => {
      const waiting: Waiting = { settle, outcome: undefined, timer: undefined };
      this.#inFlight.push(waiting);
      waiting.timer = life.schedule(timeoutMs, () => this.#timeOut());
      this.#sendRequest(
        () => this.#server.append(copy, this.#writer),
        (outcome) => {
          waiting.outcome = outcome;
          if (outcome.kind === "durable") this.#acknowledged(copy);
          this.#settle();
        },
      );
    });
  }

  seal(seal: Seal): Promise<SealOutcome> {
    const { life } = this.#link;
    if (!life.cross()) return never();
    return new Promise((settle) => {
      const timer = life.schedule(timeoutMs, () => settle(unknown()));
      this.#sendRequest(
        async () => ({ outcome: await this.#server.seal(seal, this.#writer), last: this.#server.last }),
        ({ outcome, last }) => {
          timer.cancel();
          // A refusal also reports the end of the log.
          this.#last = last;
          if (outcome.kind === "sealed") this.#stopped = undefined;
          settle(outcome);
        },
      );
    });
  }

  async *read(from: number): AsyncGenerator<readonly JournalBatch[]> {
    const { life } = this.#link;
    const batches = await this.#request(() => this.#server.read(from));
    for (let at = 0; at < batches.length; at += sliceBatches) {
      if (!life.cross()) await never();
      yield batches.slice(at, at + sliceBatches);
    }
  }

  async truncate(before: number): Promise<void> {
    const { life, world } = this.#link;
    if (!life.cross()) return never();
    world.trace(life.name, () => `cuts partition ${this.partition} before batch ${before}`);
    await this.#request(() => this.#server.truncate(before));
  }

  #busy(): Failure {
    const { service, partition } = this;
    return { kind: "busy", refusal: journalErrors.busy.refusal({ service, partition }) };
  }

  get #writer(): string {
    const { name, number } = this.#link.life;
    return `${name}#${number}`;
  }

  #acknowledged({ number, epoch, timeMs }: Append): void {
    if (number > this.#last.number) this.#last = { number, epoch, timeMs, hash: this.#last.hash };
  }

  /** Settles answers in the order of the appends. */
  #settle(): void {
    for (let [first] = this.#inFlight; first?.outcome !== undefined; [first] = this.#inFlight) {
      this.#inFlight.shift();
      first.timer?.cancel();
      first.settle(first.outcome);
    }
    this.#wake();
  }

  #timeOut(): void {
    if (this.#inFlight.length === 0) return;
    const { life, world } = this.#link;
    world.trace(life.name, () => `gets no reply to its appends to partition ${this.partition}`);
    this.#stopped = "an append was not acknowledged";
    for (const waiting of this.#inFlight.splice(0)) {
      waiting.timer?.cancel();
      // An append that was refused after it is refused. An acknowledged one is durable, but its answer waits
      // for the previous one.
      waiting.settle(waiting.outcome?.kind === "durable" ? unknown() : (waiting.outcome ?? unknown()));
    }
    this.#wake();
  }

  #wake(): void {
    if (this.#inFlight.length >= this.#link.appendsMax) return;
    const waiting = this.#onRoom;
    this.#onRoom = [];
    for (const resolve of waiting) resolve();
  }

  /** Sends a request and waits. Rejects without an answer. */
  #request<Answer>(serve: () => Promise<Answer>): Promise<Answer> {
    const { life } = this.#link;
    return new Promise((resolve, reject) => {
      const timer = life.schedule(timeoutMs, () =>
        reject(journalErrors.stopped({ reason: "the journal server does not answer" })),
      );
      this.#sendRequest(
        () => serve().catch((error: unknown) => Promise.reject(error)),
        (answer) => {
          timer.cancel();
          resolve(answer);
        },
        (error) => {
          timer.cancel();
          reject(error);
        },
      );
    });
  }

  #sendRequest<Answer>(
    serve: () => Promise<Answer>,
    answered: (answer: Answer) => void,
    failed: (error: unknown) => void = () => {},
  ): void {
    const { life, network, world } = this.#link;
    const reply = (arrive: () => void): void =>
      network.send(
        "journal",
        life.name,
        world.elapsedMs,
        "an acknowledgement",
        () => life.schedule(0, arrive),
        this.#line.back,
      );
    const arrive = (): void => {
      serve().then(
        (answer) => reply(() => answered(answer)),
        (error: unknown) => reply(() => failed(error)),
      );
    };
    network.send(life.name, "journal", life.localMs, "a request", arrive, this.#line.there);
  }
}

const sliceBatches = 8;

function unknown(): Failure {
  const reason = "no acknowledgement";
  return { kind: "unknown", refusal: journalErrors.outcomeUnknown.refusal({ reason }) };
}

function stopped(reason: string): Failure {
  return { kind: "stopped", refusal: journalErrors.stopped.refusal({ reason }) };
}
