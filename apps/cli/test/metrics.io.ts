/** Metrics of workers and of the platform, as the CLI shows them. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { Worker } from "@tutti/sdk";
import { BuiltCommand } from "./support/command.ts";
import { PlatformProcess } from "./support/platform.ts";

describe("metrics, by the command", () => {
  let command: BuiltCommand;
  let platform: PlatformProcess;
  before(async () => {
    [command, platform] = await Promise.all([BuiltCommand.build(), PlatformProcess.start()]);
  });
  after(async () => {
    await platform?.[Symbol.asyncDispose]();
    command?.[Symbol.dispose]();
  });

  const tutti = async (...args: readonly string[]) => {
    const environment = { TUTTI_SERVER: platform.url };
    const { exitCode, output, errors } = await command.run(args, { cwd: command.folder, environment });
    assert.equal(exitCode, 0, `tutti ${args.join(" ")}: ${errors}${output}`);
    return output;
  };

  it("of the installation are listed and drawn", async () => {
    assert.match(await tutti("metrics", "list"), /^process_resident_memory_bytes +gauge /m);
    const args = ["metrics", "query", "process_uptime_seconds", "--json"];
    // A value arrives every 10 s.
    const { source, series } = await until(
      "a value of the platform",
      async () => JSON.parse(await tutti(...args)),
      (answer) => answer.series.length > 0,
    );
    assert.equal(source, "insight");
    assert.equal(series.length, 1);
  });

  it("of handlers are in the namespace of their work once the worker has stopped", async () => {
    const worker = new Worker({
      ...{ address: `${platform.url.replace("http:", "ws:")}/v1/link`, server: platform.url },
      ...{ agentId: "packer", handleSignals: false },
    });
    worker.handle("stock.pack", (input, context) => {
      context.counter("orders_packed_total", { help: "Orders packed." }).add(1, { route: String(input) });
      context.histogram("packing_seconds").observe(1.5);
    });
    await worker.start();
    const post = (path: string, body: unknown) =>
      fetch(`${platform.url}/v1/${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const text = 'workflow: pack\ntasks: {a: {uses: stock.pack, with: "${{ input }}"}}';
    await post("workflows", { format: "yaml", text });
    for (const route of ["north", "south", "south"]) {
      const started = await post("runs", { definition: { name: "pack" }, input: route });
      const { runId } = (await started.json()) as { readonly runId: string };
      await fetch(`${platform.url}/v1/runs/${runId}/result?waitMs=20000`);
    }
    await worker.stop();
    assert.match(await tutti("metrics", "list", "--own"), /^orders_packed_total +counter +Orders packed\.$/m);
    const output = await tutti("metrics", "query", "orders_packed_total", "--own", "--by", "route");
    assert.match(output, /^rate +route=south .*█.* 0\.\d+/m);
    assert.match(output, /^rate +route=north .*[▁▂▃▄▅▆▇█].* 0\.\d+/m);
    const { series } = JSON.parse(await tutti("metrics", "query", "packing_seconds", "--own", "--json"));
    const p99 = series.find(({ figure }: { figure: string }) => figure === "p99");
    assert.equal(p99.labels.worker, "packer");
    assert.ok(Math.abs(p99.points[0].value - 1.5) < 0.05);
  });
});
