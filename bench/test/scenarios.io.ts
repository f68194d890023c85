import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** The fields of each scenario's own that others read; of those that do not fill a disk or start processes for minutes first. */
const fields = {
  mesh: ["transport", "callsPerSec", "itemsPerSec", "p50Ms", "p99Ms"],
  register: ["kind", "instances", "p50Ms", "p99Ms"],
  heartbeat: ["instances", "renewalsPerSec", "cpuPercent"],
  idle: ["pssMiB", "emptyNodePssMiB", "deltaMiB", "cpuPercent"],
  start: ["readyMs"],
  cli: ["startMs", "p95Ms", "ownMs", "startedBy"],
  realtime: ["subscribers", "eventsPerSec", "deliveriesPerSec", "p50Ms", "p99Ms", "missed"],
  journal: [
    "implementation",
    "partitions",
    "underWay",
    "bytes",
    "appendsPerSec",
    "mbPerSec",
    "ceilingAppendsPerSec",
    "ratio",
  ],
  mission: ["agents", "platformCpuUs", "p50Ms", "p99Ms"],
  match: ["agents", "queued", "offersPerSec", "usPerTask", "floorUsPerTask", "factor"],
  fair: ["queued", "waitMs", "p99WaitMs", "emptyWaitMs", "emptyP99WaitMs"],
  availability: ["agents", "kills", "availablePercent", "succeededPercent", "recoverP50Ms"],
  worker: ["slots", "tasksPerSec", "cpuUsPerTask", "ceilingTasksPerSec", "ceilingCpuUsPerTask", "ratio"],
  ceiling: ["concurrency", "stepsPerSec", "p50Ms", "p99Ms", "mainUsPerStep"],
  runtime: [
    "concurrency",
    "stepsPerSec",
    "p50Ms",
    "p99Ms",
    "ceilingStepsPerSec",
    "ceilingP50Ms",
    "ratio",
    "latencyRatio",
    "mainUsPerStep",
  ],
  chain: [
    "concurrency",
    "stepsPerSec",
    "p50Ms",
    "p99Ms",
    "ceilingStepsPerSec",
    "ceilingP50Ms",
    "ratio",
    "latencyRatio",
    "mainUsPerStep",
  ],
  fanout: ["concurrency", "tasks", "tasksPerSec", "p50Ms"],
  "mission-machine": ["usPerOperation", "bytesPerOperation"],
  dag: ["tasks", "usPerTask", "bytesPerTask"],
  "plan-large": ["tasks", "agents", "planMs", "planCpuMs", "overBound"],
  efficiency: ["tasks", "slotSeconds", "overBound", "betterThanBlind", "betterThanLeastLoaded", "busyShare"],
  hops: ["mode", "tasks", "startMs", "gapMs", "gapLowMs", "perTaskMs", "endMs"],
  sessions: ["mode", "sessions", "startsPerSec", "p99Ms", "kibPerSession", "listMs", "endsPerSec"],
  "session-chain": [
    "mode",
    "concurrency",
    "stepsPerSec",
    "p50Ms",
    "chainStepsPerSec",
    "ceilingStepsPerSec",
    "ratio",
  ],
  policy: ["policies", "takenInMs", "decisionsPerSec", "p50Us", "p99Us"],
  admission: ["rules", "judgedPerSec", "p50Us", "p99Us"],
  governed: ["concurrency", "stepsPerSec", "p50Ms", "mainUsPerStep", "overUngoverned"],
  audit: ["records", "writeSec", "verifySec", "verifyCpuSec", "hashSec", "verifiedPerSec"],
  live: ["runs", "rssMiB", "startsPerSec", "signalsPerSec"],
};

describe("bench", { concurrency: 2 }, () => {
  for (const [scenario, own] of Object.entries(fields)) {
    it(`${scenario} prints one JSON object per line with its fields`, async () => {
      const { stdout } = await run(process.execPath, [
        main,
        scenario,
        "--json",
        "--rounds",
        "1",
        "--seconds",
        "0.2",
      ]);
      const lines = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      assert.ok(lines.length > 0);
      for (const line of lines) {
        assert.equal(line.scenario, scenario);
        for (const field of ["variant", "commit", "cores", "node", "seconds", "rounds", ...own]) {
          assert.ok(field in line, `${field} is in ${JSON.stringify(line)}`);
        }
      }
    });
  }

  it("names the scenarios when asked for one that is not there", async () => {
    await assert.rejects(
      run(process.execPath, [main, "nonsense"]),
      ({ code, stderr }: { code: number; stderr: string }) => {
        assert.equal(code, 2);
        for (const scenario of Object.keys(fields))
          assert.match(stderr, new RegExp(`^ {2}${scenario} `, "m"));
        return true;
      },
    );
  });
});
