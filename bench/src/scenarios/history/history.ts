import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Archive, ArchiveThread, openArchive, type Search } from "@tutti/journal";
import { systemClock } from "@tutti/kernel";
import { median, rounded } from "../../measure/statistics.ts";
import type { Result, Scenario } from "../../scenario.ts";
import { PartitionFiller, partitions, regions, type Subject } from "./filling.ts";

/** What is measured when there is time; less when somebody only wants to see that it works. */
const instancesWhole = 1_000_000;
const instancesSmall = 20_000;
const perCommit = 1_000;
const pageEvents = 500;
const dayMs = 86_400_000;

export const history: Scenario = {
  name: "history",
  about:
    "pages of history and searches in an archive of a million instances, and what it costs to keep or to forget them",
  async *run({ seconds, rounds }) {
    const instances = seconds >= 1 ? instancesWhole : instancesSmall;
    const directory = await mkdtemp(join(tmpdir(), "tutti-bench-"));
    try {
      await using kept = await Filled.open(join(directory, "kept"));
      yield await kept.fill(instances);
      const worst = { pageMs: 0, searchMs: 0 };
      for await (const line of kept.pages(instances, rounds)) {
        worst.pageMs = Math.max(worst.pageMs, line.pageMs);
        yield line;
      }
      for await (const line of kept.searches(rounds)) {
        worst.searchMs = Math.max(worst.searchMs, line.searchMs);
        yield line;
      }
      const indexLagMs = await kept.indexLag(rounds);
      yield { variant: "whole, slowest medians", events: instances, ...worst, indexLagMs };
      await using forgotten = await Filled.open(join(directory, "forgotten"));
      yield await forgotten.forget(instances);
    } finally {
      await rm(directory, { recursive: true });
    }
  },
};

/** An archive that is filled. */
class Filled implements AsyncDisposable {
  readonly #archive: Archive;
  readonly #fillers: readonly PartitionFiller[];
  #count = 0;

  static async open(directory: string): Promise<Filled> {
    const fillers: PartitionFiller[] = [];
    const archive = openArchive(directory, new ArchiveThread(), {
      partitions,
      clock: systemClock,
      source: (partition) => ({ read: (from) => fillers[partition]?.read(from) ?? nothing() }),
    });
    for (let partition = 0; partition < partitions; partition++) {
      const filler = new PartitionFiller(archive, partition);
      fillers.push(filler);
      await filler.open();
    }
    return new Filled(archive, fillers);
  }

  private constructor(archive: Archive, fillers: readonly PartitionFiller[]) {
    this.#archive = archive;
    this.#fillers = fillers;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#archive.close();
  }

  /** Short instances that are kept. */
  async fill(instances: number): Promise<Result> {
    const took = await this.#shorts(instances, dayMs);
    const { bytes } = await this.#archive.figures();
    return { variant: "kept", instances, ...took, bytesPerInstance: rounded(bytes / instances) };
  }

  /** Short instances that are kept for no time: the disk they use does not grow with their number. */
  async forget(instances: number): Promise<Result> {
    await this.#shorts(instances / 10, 0);
    const before = await this.#purged();
    const took = await this.#shorts(instances - instances / 10, 0);
    const after = await this.#purged();
    const ratio = rounded(after / before);
    return { variant: "forgotten", instances, ...took, bytesTenth: before, bytes: after, bytesRatio: ratio };
  }

  async *pages(instances: number, rounds: number): AsyncGenerator<Result & { readonly pageMs: number }> {
    const [filler] = this.#fillers;
    if (filler === undefined) return;
    const dense = filler.subject("dense");
    for (let batch = 0; batch < instances / perCommit; batch++) {
      filler.write(new Array<Subject>(perCommit).fill(dense));
      if (batch % 4 === 3) await filler.keep([filler.entry(dense)]);
    }
    const scattered = Array.from({ length: 50 }, (_, index) => filler.subject(`scattered-${index}`));
    for (let second = 0; second < 600; second++) {
      filler.write(scattered);
      await filler.keep(second === 0 ? scattered.map((one) => filler.entry(one)) : []);
    }
    const [one] = scattered;
    if (one === undefined) return;
    for (const [variant, subject] of [
      ["dense", dense],
      ["scattered", one],
    ] as const) {
      for (const [where, after] of [
        ["first", 0],
        ["middle", Math.floor(subject.events / 2)],
        ["last", Math.max(0, subject.events - pageEvents)],
      ] as const) {
        const { medianMs, mostMs } = await timed(rounds, () => this.#page(subject, after));
        const { events } = subject;
        yield { variant: `${variant}, ${where}`, events, pageMs: medianMs, pageMostMs: mostMs };
      }
    }
  }

  async *searches(rounds: number): AsyncGenerator<Result & { readonly searchMs: number }> {
    for (const [variant, part] of Object.entries(searches)) {
      const search: Search = { ...everything, ...part };
      let found = 0;
      const { medianMs, mostMs } = await timed(rounds, async () => {
        found = (await this.#archive.search(search)).entries.length;
      });
      yield { variant: `search, ${variant}`, found, searchMs: medianMs, searchMostMs: mostMs };
    }
  }

  /** From handing over a line to the search that shows it. */
  async indexLag(rounds: number): Promise<number> {
    const [filler] = this.#fillers;
    const lags: number[] = [];
    for (let round = 0; filler !== undefined && round < rounds; round++) {
      const subject = filler.subject(`late-${round}`);
      filler.write([subject]);
      const startMs = systemClock.monotonic();
      const kept = filler.keep([filler.entry(subject)]);
      const { entries } = await this.#archive.search({ ...everything, idPrefix: `late-${round}` });
      if (entries.length === 1) lags.push(systemClock.monotonic() - startMs);
      await kept;
    }
    if (lags.length < rounds) throw new Error(`expected ${rounds} lines to be found, found ${lags.length}`);
    return rounded(median(lags));
  }

  async #shorts(
    instances: number,
    keepMs: number,
  ): Promise<{ usPerInstance: number; mainUsPerInstance: number }> {
    const startMs = systemClock.monotonic();
    const before = process.threadCpuUsage();
    for (let done = 0; done < instances; done += perCommit) {
      const filler = this.#fillers[(done / perCommit) % partitions];
      await filler?.short(`order-${this.#count++}`, perCommit, keepMs);
    }
    const { user, system } = process.threadCpuUsage(before);
    return {
      usPerInstance: rounded(((systemClock.monotonic() - startMs) * 1_000) / instances),
      mainUsPerInstance: rounded((user + system) / instances),
    };
  }

  async #purged(): Promise<number> {
    while (await this.#archive.purge(Number.MAX_SAFE_INTEGER));
    for (let partition = 0; partition < partitions; partition++)
      await this.#archive.partition(partition).settle(1);
    return (await this.#archive.figures()).bytes;
  }

  async #page({ id, last }: Subject, afterEvent: number): Promise<void> {
    const key = { namespace: "default", kind: "run", id };
    const page = await this.#archive.partition(0).history({ key, last, afterEvent, limit: pageEvents });
    if (page.length === 0) throw new Error(`expected events of ${id} after ${afterEvent}, found none`);
  }
}

/** Each question several times: the first finds nothing in memory. */
async function timed(rounds: number, once: () => Promise<void>) {
  const times: number[] = [];
  for (let round = 0; round < Math.max(3, rounds); round++) {
    const startMs = systemClock.monotonic();
    await once();
    times.push(systemClock.monotonic() - startMs);
  }
  return {
    pageMs: rounded(median(times)),
    medianMs: rounded(median(times)),
    mostMs: rounded(Math.max(...times)),
  };
}

async function* nothing(): AsyncGenerator<never> {}

const everything: Search = {
  namespace: "default",
  kinds: [],
  statuses: [],
  definition: "",
  labels: [],
  startedMs: { from: 0, to: Number.POSITIVE_INFINITY },
  endedMs: undefined,
  idPrefix: "",
  order: "started-descending",
  limit: 50,
  cursor: "",
};

const customer = (value: string): Partial<Search> => ({
  labels: [{ kind: "equals", name: "customer", values: [value] }],
});

const searches: Readonly<Record<string, Partial<Search>>> = {
  newest: {},
  oldest: { order: "started-ascending" },
  "ended last": { order: "ended-descending" },
  failed: { statuses: [6] },
  "kind that nobody has": { kinds: ["mission"] },
  definition: { definition: "order-3" },
  "definition that nobody has": { definition: "order-99" },
  "label of a third": { labels: [{ kind: "equals", name: "region", values: ["eu"] }] },
  "label of two hundred": customer("c-77"),
  "label that nobody has": customer("c-99999"),
  "label and status": { ...customer("c-350"), statuses: [6] },
  "label that all have, absent": { labels: [{ kind: "absent", name: "region" }] },
  "label whose values all have, not": { labels: [{ kind: "not", name: "region", values: [...regions] }] },
  "a tenth of a second": { startedMs: { from: 1_767_225_650_000, to: 1_767_225_650_100 } },
  "beginning of an id": { idPrefix: "order-17-99" },
  "beginning that nobody has": { idPrefix: "x" },
};
