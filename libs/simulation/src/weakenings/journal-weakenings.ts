import {
  type Append,
  type AppendOutcome,
  type Journal,
  type JournalBatch,
  type JournalPartition,
  type Position,
  type Seal,
  type SealOutcome,
  verifyDisk,
} from "@tutti/journal";
import type { Life } from "../world/process.ts";
import type { Weakening } from "./weakening.ts";

/** Returns a journal whose partitions are changed. */
function changed(inner: Journal, change: (partition: JournalPartition) => JournalPartition): Journal {
  const partitions = inner.partitions.map(change);
  return {
    partitions,
    batchBytesMax: inner.batchBytesMax,
    partition(service, partition) {
      const found = partitions.find(
        (candidate) => candidate.service === service && candidate.partition === partition,
      );
      if (found === undefined) throw new Error(`there is no partition ${partition}`);
      return found;
    },
    room: () => inner.room(),
    close: () => inner.close(),
  };
}

/** A partition of a journal without changes. Subclasses override what they weaken. */
class Unchanged implements JournalPartition {
  protected readonly inner: JournalPartition;

  constructor(inner: JournalPartition) {
    this.inner = inner;
  }

  get service(): string {
    return this.inner.service;
  }
  get partition(): number {
    return this.inner.partition;
  }
  get first(): number {
    return this.inner.first;
  }
  get last(): Position {
    return this.inner.last;
  }
  append(append: Append): Promise<AppendOutcome> {
    return this.inner.append(append);
  }
  seal(seal: Seal): Promise<SealOutcome> {
    return this.inner.seal(seal);
  }
  read(from: number): AsyncIterable<readonly JournalBatch[]> {
    return this.inner.read(from);
  }
  truncate(before: number): Promise<void> {
    return this.inner.truncate(before);
  }
}

/** A partition that its owner reads a while before its seal: it never sees appends in between. */
class ReadBeforeSeal extends Unchanged {
  readonly #life: Life;
  #read: readonly JournalBatch[] | undefined;

  constructor(inner: JournalPartition, life: Life) {
    super(inner);
    this.#life = life;
  }

  override async seal(seal: Seal): Promise<SealOutcome> {
    const read: JournalBatch[] = [];
    for await (const slice of this.inner.read(this.inner.first)) read.push(...slice);
    await new Promise<void>((resolve) => {
      this.#life.schedule(readingMs, resolve);
    });
    const outcome = await this.inner.seal(seal);
    if (outcome.kind === "sealed") this.#read = read;
    return outcome;
  }

  override async *read(from: number): AsyncGenerator<readonly JournalBatch[]> {
    const read = this.#read;
    this.#read = undefined;
    if (read === undefined) yield* this.inner.read(from);
    else yield read.filter(({ number }) => number >= from);
  }
}

const readingMs = 200;

/** Reports an append as durable before it is. */
class Hasty extends Unchanged {
  override append(append: Append): Promise<AppendOutcome> {
    void this.inner.append(append);
    return Promise.resolve({ kind: "durable" });
  }
}

export const noFencing: Weakening = {
  name: "no-fencing",
  about: "the journal accepts appends of replaced owners",
  foundWithin: 300,
  server: {
    append: (append, { number, epoch, timeMs }) => ({
      ...append,
      epoch,
      number: number + 1,
      timeMs: Math.max(timeMs, append.timeMs),
    }),
  },
};

export const noSeal: Weakening = {
  name: "no-seal",
  about: "a new owner reads the journal before it has sealed it",
  foundWithin: 2_000,
  storage: {
    journal: (journal, life) => changed(journal, (partition) => new ReadBeforeSeal(partition, life)),
  },
};

export const eventsNotAwaited: Weakening = {
  name: "events-not-awaited",
  about: "replies are sent before the decision is durable",
  foundWithin: 10,
  storage: { journal: (journal) => changed(journal, (partition) => new Hasty(partition)) },
};

export const chainNotChecked: Weakening = {
  name: "chain-not-checked",
  about: "the hash of a batch is not compared with the hash in the next batch",
  foundWithin: 200,
  storage: {
    verify(disk, name) {
      const verification = verifyDisk(disk, name);
      const { text, partitions } = verification;
      return onlyChain.test(text) ? { kind: "sound", text, partitions } : verification;
    },
  },
};

/** Findings of the comparison of hashes only. */
const onlyChain = /a batch that follows another one than is there|a segment that continues another log/;
