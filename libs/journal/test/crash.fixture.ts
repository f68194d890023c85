import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fileDisk, openSegmentsInline, type SegmentsOptions } from "@tutti/journal";
import { batchesFrom, recordBytes } from "@tutti/journal/testing";
import type { Chance } from "@tutti/kernel";
import { seededChance } from "@tutti/kernel/testing";

const partitions = 4;
const writer = fileURLToPath(new URL("programs/writer.ts", import.meta.url));

export function crashOptions(chance: Chance): SegmentsOptions {
  return {
    services: [{ service: "workflow", partitions }],
    chance,
    // Small, so that segments start and go while it runs.
    sizes: { firstBytes: 64 * 1024, maxBytes: 1024 * 1024 },
    batchBytesMax: 100_000,
  };
}

/** Returns a record that contains its place, so that anything lost, doubled or mixed up shows. Some are long. */
export function recordOf(round: string, partition: number, number: number): Uint8Array {
  const text = `round ${round} partition ${partition} number ${number} `;
  return recordBytes(text.padEnd(number % 50 === 0 ? 30_000 : 60 + (number % 400), "."));
}

/**
 * Kills a process in the middle of its writes, and compares its journal with its acknowledgements. Repeated `rounds`
 * times.
 */
export async function killWriters(rounds: number, acknowledgedMax: number, seed: number): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "tutti-crash-"));
  const chance = seededChance(seed);
  // Per partition, by number: the round whose append was acknowledged as durable.
  const acknowledged = Array.from({ length: partitions }, () => new Map<number, string>());
  try {
    for (let round = 0; round < rounds; round++) {
      const notes = join(directory, `notes-${round}`);
      await killAfter([directory, String(round), notes], Math.floor(chance.random() * acknowledgedMax));
      for (const line of (await readFile(notes, "utf8")).split("\n").slice(0, -1)) {
        const [kind = "", partition, number, by = ""] = line.split(" ");
        assert.equal(kind, "durable");
        const numbers = acknowledged[Number(partition)] ?? assert.fail(line);
        assert.ok(!numbers.has(Number(number)), `batch ${number} was acknowledged twice`);
        numbers.set(Number(number), by);
      }
      await compare(directory, acknowledged);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Runs a writer, and kills it after `signs` heartbeats. */
function killAfter(args: readonly string[], signs: number): Promise<void> {
  const child = spawn(process.execPath, [writer, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let received = 0;
  child.stdout.on("data", (part: Buffer) => {
    received += part.length;
    if (received > signs) child.kill("SIGKILL");
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (signal === "SIGKILL") resolve();
      else reject(new Error(`the writer ended by itself, with ${code ?? signal}`));
    });
  });
}

async function compare(directory: string, acknowledged: readonly Map<number, string>[]): Promise<void> {
  const { journal } = openSegmentsInline(fileDisk(directory), queueMicrotask, crashOptions(seededChance(0)));
  for (const [index, numbers] of acknowledged.entries()) {
    const partition = journal.partition("workflow", index);
    const lastAcknowledged = Math.max(0, ...numbers.keys());
    assert.ok(
      partition.last.number >= lastAcknowledged,
      `batch ${lastAcknowledged} was acknowledged, the last is ${partition.last.number}`,
    );
    let next = partition.first;
    for (const { number, seal, records } of await batchesFrom(partition, next)) {
      assert.equal(number, next++);
      const by = numbers.get(number);
      if (by === undefined || seal) continue;
      assert.deepEqual(Buffer.from(records), Buffer.from(recordOf(by, index, number)));
    }
    assert.equal(next, partition.last.number + 1);
  }
  await journal.close();
}
