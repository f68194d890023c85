import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Configuration, memorySources, systemChance } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import {
  expose,
  logSection,
  metricsSection,
  openTelemetry,
  remoteWriteSection,
  tracingSection,
} from "../src/index.ts";
import { logLines } from "../src/testing/log-lines.ts";

interface Program {
  readonly path: string;
  readonly skip: string | false;
}

async function programNamed(name: string): Promise<Program> {
  const tools = fileURLToPath(new URL("../../../tools/programs.mjs", import.meta.url));
  const programs: { needsProgram(name: string): Promise<Program> } = await import(tools);
  return programs.needsProgram(name);
}

async function check(
  promtool: string,
  exposition: string,
): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawn(promtool, ["check", "metrics"], { stdio: ["pipe", "pipe", "pipe"] });
  const exited = new Promise<number>((resolve) => child.once("exit", (code) => resolve(code ?? -1)));
  child.stdin.end(exposition);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await exited, output: stdout + stderr };
}

const promtool = await programNamed("promtool");

describe("Prometheus' own linter", { skip: promtool.skip }, () => {
  it("accepts all metrics of telemetry and of its process, and every kind of metric", async (t) => {
    const time = new VirtualTime();
    const sections = [logSection, metricsSection, remoteWriteSection, tracingSection];
    const telemetry = await openTelemetry({
      configuration: Configuration.load({ sections, sources: memorySources() }),
      service: "test",
      instance: "ins_1",
      clock: time,
      timers: time,
      chance: systemChance,
      stream: logLines(),
    });
    await telemetry.start();
    t.after(() => telemetry.stop(AbortSignal.abort()));
    const { metrics } = telemetry;
    const awkward = 'a\\b"c\nd{e="f"} ü';
    metrics
      .counter({ name: "tutti_calls_total", help: 'Calls, \\ and "more".\nOf all.', labels: ["method"] })
      .with({ method: awkward })
      .add();
    metrics.gauge({ name: "tutti_load_ratio", help: "Load." }).with({}).set(Number.NaN);
    for (const unit of ["seconds", "bytes", "ratio", "events"]) {
      metrics
        .histogram({ name: `tutti_batch_${unit}`, help: "Batch.", labels: ["kind"] })
        .with({ kind: "a" })
        .observe(1);
    }
    time.advance(2000);
    assert.deepEqual(await check(promtool.path, expose(metrics.families())), { code: 0, output: "" });
  });
});
