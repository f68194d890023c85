import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connect } from "@tutti/sdk/client";
import { rounded } from "../../measure/statistics.ts";
import { startChild } from "../../processes/child.ts";
import { startPlatform, temporaryDirectory } from "../../processes/platform.ts";
import type { Scenario } from "../../scenario.ts";

const mebibytes = 1_024;
const briefMebibytes = 256;
const definition = `
workflow: film
tasks:
  make: {uses: film.make, with: "\${{ input }}"}
  take: {uses: film.take, with: "\${{ tasks.make.output }}"}
output: "\${{ tasks.take.output }}"
`;

/**
 * A file that one task stores and the next one reads, in streams, through the platform. The comparison is one process
 * that writes the same content with its hash, syncs it, and reads it with its hash.
 */
export const blob: Scenario = {
  name: "blob",
  about: "a file of 1 GiB from task to task, compared with one process that writes and reads it",
  goals: [
    {
      line: { variant: "task to task" },
      figure: "mbPerSec",
      atLeast: 200,
      unit: "MB/s",
      known: { issue: 23, worst: 20 },
    },
    {
      line: { variant: "task to task" },
      figure: "grownMiB",
      atMost: 32,
      unit: "MiB",
      known: { issue: 23, worst: 200 },
    },
  ],
  brief: { rounds: 1, seconds: 1 },
  async *run({ isBrief = false }) {
    const size = isBrief ? briefMebibytes : mebibytes;
    yield { variant: "alone", mebibytes: size, mbPerSec: await alone(size) };
    await using platform = await startPlatform();
    await using _worker = await startChild(
      [
        fileURLToPath(new URL("worker-process.ts", import.meta.url)),
        `${platform.http.replace("http", "ws")}/v1/link`,
      ],
      { until: (line) => (line === "linked" ? {} : undefined) },
    );
    const tutti = await connect({ address: platform.grpc });
    try {
      await tutti.workflows.register(definition);
      await tutti.execute("film", { input: { mebibytes: 64 } });
      const before = residentMiB(platform.pid, "VmRSS");
      const beganMs = performance.now();
      await tutti.execute("film", { input: { mebibytes: size } });
      const tookMs = performance.now() - beganMs;
      yield {
        variant: "task to task",
        mebibytes: size,
        mbPerSec: rate(size, tookMs),
        grownMiB: rounded(Math.max(0, residentMiB(platform.pid, "VmHWM") - before)),
      };
    } finally {
      await tutti.close();
    }
  },
};

function rate(size: number, tookMs: number): number {
  return rounded((size * 1.048_576 * 1_000) / tookMs);
}

function residentMiB(pid: number, field: string): number {
  const [, kibibytes = "0"] =
    new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kibibytes) / 1_024;
}

async function alone(size: number): Promise<number> {
  const part = Buffer.alloc(1_048_576, "tutti");
  const directory = await temporaryDirectory();
  const beganMs = performance.now();
  const file = await open(join(directory, "film"), "w+");
  try {
    const written = createHash("sha256");
    for (let number = 0; number < size; number++) {
      written.update(part);
      await file.write(part);
    }
    await file.sync();
    const read = createHash("sha256");
    for (let number = 0; number < size; number++) {
      await file.read(part, 0, part.length, number * part.length);
      read.update(part);
    }
    return rate(size, performance.now() - beganMs);
  } finally {
    await file.close();
    await rm(directory, { recursive: true, force: true });
  }
}
