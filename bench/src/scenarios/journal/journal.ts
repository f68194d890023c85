import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { alternate } from "../../measure/rounds.ts";
import { rounded } from "../../measure/statistics.ts";
import type { Budget, Result, Scenario } from "../../scenario.ts";
import { Appender, type AppendFigures, appendFor, type Load } from "./appending.ts";
import { openBytes } from "./bytes.ts";
import { implementations, type OpenJournal } from "./implementations.ts";

/** One at a time in each partition, and as many as a busy runtime has. */
const guarded: Load = { partitions: 8, underWay: 64, bytes: 200 };
const loads: readonly Load[] = [200, 4_096, 65_536].flatMap((bytes) => [
  { partitions: 1, underWay: 1, bytes },
  { partitions: 1, underWay: 64, bytes },
  { partitions: 8, underWay: 8, bytes },
  { partitions: 8, underWay: 64, bytes },
]);

/** Many loads: each is measured for a quarter of the time. */
const turnsPerLoad = 4;

export const journal: Scenario = {
  name: "journal",
  about:
    "durable appends per second of each journal, beside the same bytes with one write and sync per group",
  goals: [
    {
      ...{ line: { implementation: "segments", partitions: 8, underWay: 64, bytes: 200 }, figure: "ratio" },
      ...{ atLeast: 0.5, beside: ["appendsPerSec", "ceilingAppendsPerSec"] },
    },
  ],
  async *run({ rounds, seconds, isBrief = false }) {
    const journals = await implementations();
    if (isBrief) for (const name of ["memory", "jetstream"]) journals.delete(name);
    for (const load of isBrief ? [guarded] : loads)
      yield* underLoad(journals, load, { rounds, seconds: seconds / turnsPerLoad });
  },
};

async function* underLoad(
  journals: ReadonlyMap<string, OpenJournal>,
  load: Load,
  budget: Budget,
): AsyncIterable<Result> {
  await using open = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "tutti-bench-"));
  open.defer(() => rm(directory, { recursive: true }));
  const records = new Uint8Array(load.bytes).fill(7);
  const bytes = await openBytes(join(directory, "ceiling.log"));
  open.defer(() => bytes.close());
  const contestants = [
    { name: "ceiling", measure: (seconds: number) => appendFor(() => bytes.append(records), load, seconds) },
  ];
  for (const [name, openJournal] of journals) {
    const { journal } = open.use(await openJournal(join(directory, name), load.partitions));
    const appender = await Appender.of(journal);
    const append = (partition: number) => appender.append(partition, records);
    contestants.push({ name, measure: (seconds: number) => appendFor(append, load, seconds) });
  }
  const figures = await alternate(contestants, budget);
  const ceiling = figures.get("ceiling");
  for (const [implementation, measured] of figures) {
    if (implementation !== "ceiling" && ceiling !== undefined) {
      yield lineOf(implementation, load, measured, ceiling);
    }
  }
}

function lineOf(
  implementation: string,
  { partitions, underWay, bytes }: Load,
  measured: AppendFigures,
  ceiling: AppendFigures,
): Result {
  return {
    variant: `${implementation}, ${underWay} under way`,
    implementation,
    partitions,
    underWay,
    bytes,
    appendsPerSec: rounded(measured.appendsPerSec),
    mbPerSec: rounded(measured.mbPerSec),
    p50Ms: rounded(measured.p50Ms),
    p99Ms: rounded(measured.p99Ms),
    cpuPerAppendUs: rounded(measured.cpuPerAppendUs),
    ceilingAppendsPerSec: rounded(ceiling.appendsPerSec),
    ceilingP50Ms: rounded(ceiling.p50Ms),
    ratio: rounded(measured.appendsPerSec / ceiling.appendsPerSec),
  };
}
