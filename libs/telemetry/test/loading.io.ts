import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Runs telemetry in a process of its own and prints the resolved packages. */
const program = `
  import { registerHooks } from "node:module";
  const packages = new Set();
  registerHooks({
    resolve(specifier, context, next) {
      const name = /^(@[^/]+\\/[^/]+|[^./][^/:]*)/.exec(specifier)?.[0];
      if (name !== undefined && !specifier.startsWith("node:")) packages.add(name);
      return next(specifier, context);
    },
  });
  const { Configuration, memorySources, systemChance, systemClock, systemTimers } = await import("@tutti/kernel");
  const telemetry = await import("@tutti/telemetry");
  const { logSection, metricsSection, remoteWriteSection, tracingSection } = telemetry;
  const sections = [logSection, metricsSection, remoteWriteSection, tracingSection];
  const configuration = Configuration.load({ sections, sources: memorySources() });
  const ports = { clock: systemClock, timers: systemTimers, chance: systemChance };
  const own = await telemetry.openTelemetry({ configuration, service: "test", instance: "ins_1", ...ports });
  await own.start();
  await own.stop(AbortSignal.abort());
  console.log(JSON.stringify([...packages]));
`;

describe("the packages that telemetry loads", () => {
  it("exclude OpenTelemetry and pino-pretty without a collector and a terminal", async () => {
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: import.meta.dirname,
    });
    const packages: readonly string[] = JSON.parse(stdout);
    assert.ok(packages.includes("pino"));
    assert.deepEqual(
      packages.filter((name) => name.startsWith("@opentelemetry") || name === "pino-pretty"),
      [],
    );
  });
});
