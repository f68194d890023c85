import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Journal, MemoryJournal, openSegments } from "@tutti/journal";
import { systemFoundation } from "@tutti/kernel";
import { alternate } from "../../measure/rounds.ts";
import { rounded } from "../../measure/statistics.ts";
import type { Budget, Result, Scenario } from "../../scenario.ts";
import { Appender, type AppendFigures, appendFor, type Load } from "./appending.ts";
import { openBytes } from "./bytes.ts";

/** One at a time in each partition, and as many as a busy runtime has. */
const loads: readonly Load[] = [200, 4_096, 65_536].flatMap((bytes) => [
  { partitions: 1, underWay: 1, bytes },
  { partitions: 1, underWay: 64, bytes },
  { partitions: 8, underWay: 8, bytes },
  { partitions: 8, underWay: 64, bytes },
]);

const implementations: Readonly<Record<string, (directory: string, partitions: number) => Promise<Journal>>> =
  {
    async segments(directory, partitions) {
      const services = [{ service: "bench", partitions }];
      const { journal } = await openSegments(directory, { services, chance: systemFoundation().chance });
      return journal;
    },
    async memory(_directory, partitions) {
      return new MemoryJournal({ services: [{ service: "bench", partitions }] });
    },
  };

/** Many loads: each is measured for a quarter of the time. */
const turnsPerLoad = 4;

export const journal: Scenario = {
  name: "journal",
  about:
    "durable appends per second of each journal, beside the same bytes with one write and sync per group",
  async *run({ rounds, seconds }) {
    for (const load of loads) yield* underLoad(load, { rounds, seconds: seconds / turnsPerLoad });
  },
};

async function* underLoad(load: Load, budget: Budget): AsyncIterable<Result> {
  const directory = await mkdtemp(join(tmpdir(), "tutti-bench-"));
  const records = new Uint8Array(load.bytes).fill(7);
  const bytes = await openBytes(join(directory, "ceiling.log"));
  const journals: Journal[] = [];
  const contestants = [
    { name: "ceiling", measure: (seconds: number) => appendFor(() => bytes.append(records), load, seconds) },
  ];
  for (const [name, open] of Object.entries(implementations)) {
    const opened = await open(join(directory, name), load.partitions);
    journals.push(opened);
    const appender = await Appender.of(opened);
    const append = (partition: number) => appender.append(partition, records);
    contestants.push({ name, measure: (seconds: number) => appendFor(append, load, seconds) });
  }
  const figures = await alternate(contestants, budget);
  const ceiling = figures.get("ceiling");
  for (const implementation of Object.keys(implementations)) {
    const measured = figures.get(implementation);
    if (measured !== undefined && ceiling !== undefined)
      yield lineOf(implementation, load, measured, ceiling);
  }
  for (const one of journals) await one.close();
  await bytes.close();
  await rm(directory, { recursive: true });
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
