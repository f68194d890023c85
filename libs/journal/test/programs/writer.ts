import { openSync, writeSync } from "node:fs";
import { openSegments } from "@tutti/journal";
import { batchesFrom, Owner } from "@tutti/journal/testing";
import { seededChance } from "@tutti/kernel/testing";
import { crashOptions, recordOf } from "../crash.fixture.ts";

// Writes as fast as it can until it is killed. It notes its acknowledgements in a file, which outlives it. Its standard
// output only shows that it is alive.
const [directory = "", round = "0", notes = ""] = process.argv.slice(2);
const file = openSync(notes, "a");
const chance = seededChance(Number(round) + 1);
const { journal } = await openSegments(directory, crashOptions(chance));

function note(line: string): void {
  writeSync(file, `${line}\n`);
  process.stdout.write(".");
}

async function write(partition: (typeof journal.partitions)[number]): Promise<void> {
  // The first steps of an owner: seal, then read the batches before the seal.
  const owner = await Owner.of(partition);
  await batchesFrom(partition, partition.first);
  const under = new Set<Promise<void>>();
  for (;;) {
    await journal.room();
    const number = owner.next;
    const appended = owner
      .append(recordOf(round, partition.partition, number))
      .then(({ kind }) => note(`${kind} ${partition.partition} ${number} ${round}`));
    under.add(appended);
    void appended.then(() => under.delete(appended));
    if (chance.random() < 0.01) void partition.truncate(partition.last.number - 200);
    if (under.size >= 1 + chance.random() * 8) await Promise.race(under);
  }
}

process.stdout.write(".");
await Promise.all(journal.partitions.map(write));
