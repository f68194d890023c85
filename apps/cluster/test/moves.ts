/** Measures the time without an owner when partitions are handed over, from the logs of the members. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

interface Line {
  readonly msg: string;
  readonly time: string;
  /** The service of the partition. `service` is the writer of the line. */
  readonly service_: string;
  readonly partition: number;
  readonly epoch: number;
  readonly tookMs: number;
}

const handedOver = "a partition is handed over";
const owned = "a partition is owned here";

/** Returns the milliseconds from each release to the next start, shortest first, for moves after a time. */
export async function movesIn(directory: string, sinceMs: number): Promise<readonly number[]> {
  const logs = join(directory, "logs");
  const texts = await Promise.all((await readdir(logs)).map((name) => readFile(join(logs, name), "utf8")));
  const lines = texts
    .flatMap((text) => text.split("\n"))
    .filter((line) => line.includes(handedOver) || line.includes(owned))
    .map((line) => JSON.parse(line) as Line);
  const nameOf = ({ service_, partition }: Line, epoch: number) => `${service_}/${partition}/${epoch}`;
  const ownedAtMs = new Map(
    lines.filter(({ msg }) => msg === owned).map((line) => [nameOf(line, line.epoch), Date.parse(line.time)]),
  );
  return lines
    .filter(({ msg }) => msg === handedOver)
    .flatMap((line) => {
      const releasedMs = Date.parse(line.time) - line.tookMs;
      const atWorkMs = ownedAtMs.get(nameOf(line, line.epoch + 1));
      return atWorkMs === undefined || releasedMs < sinceMs ? [] : [atWorkMs - releasedMs];
    })
    .sort((one, other) => one - other);
}

export function summaryOf(moves: readonly number[]): string {
  if (moves.length === 0) return "no partition moved";
  const half = moves[Math.floor(moves.length / 2)];
  return `${moves.length} partitions moved, each without an owner for ${half} ms (median), ${moves.at(-1)} at most`;
}
