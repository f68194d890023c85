import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { note, noteService } from "@tutti/mesh/testing";
import { freePort } from "@tutti/nats/testing";
import { needsProgram } from "../../../tools/programs.mjs";
import { OutsideClient } from "./support/outside-client.ts";
import { TestProcess } from "./support/process.ts";
import { makeFolder, registriesAt, start } from "./support/services.ts";

const prometheus = await needsProgram("prometheus");

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

describe("a Prometheus", { skip: prometheus.skip }, () => {
  it("scrapes every process, and answers queries", async () => {
    await using folder = await makeFolder();
    await using platform = await start("platform", [], { directory: folder.path });
    const key = "5c3e".repeat(16);
    await writeFile(join(folder.path, "scrape-key"), key);
    await using notes = await start("notes", [
      registriesAt(platform),
      "--operations.host=0.0.0.0",
      `--operations.key=file:${join(folder.path, "scrape-key")}`,
    ]);
    assert.equal((await fetch(`${notes.http}/metrics`)).status, 401);
    using outsider = new OutsideClient(notes.grpc);
    await outsider.call(noteService.methods.get, note());
    await outsider.call(noteService.methods.get, note({ count: -1 })).catch(() => {});
    const targets = [platform, notes].map(({ http }) => http.slice("http://".length));
    await writeFile(join(folder.path, "prometheus.yml"), configurationFor(targets));
    const port = await freePort();
    await using _server = new TestProcess({
      program: prometheus.path,
      arguments: [
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=series",
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      directory: folder.path,
    });
    const samplesOf = async (query: string): Promise<readonly Sample[]> => {
      const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`;
      const response = await fetch(url).catch(() => undefined);
      if (response?.ok !== true) return [];
      const { data } = (await response.json()) as { readonly data: { readonly result: readonly Sample[] } };
      return data.result;
    };

    const up = await until(
      "both to be scraped",
      () => samplesOf("up == 1"),
      (samples) => samples.length === 2,
    );
    const calls = await samplesOf('sum by (code) (tutti_mesh_calls_total{method="Get", side="server"})');

    assert.deepEqual(up.map(({ metric }) => metric["instance"]).sort(), targets.toSorted());
    assert.deepEqual(calls.map(({ metric, value }) => [metric["code"], value[1]]).sort(), [
      ["INVALID_ARGUMENT", "1"],
      ["OK", "1"],
    ]);
  });

  it("receives metrics of processes and users by remote write, and the API reads from it", async () => {
    await using folder = await makeFolder();
    const port = await freePort();
    await writeFile(join(folder.path, "prometheus.yml"), "{}");
    const url = `http://127.0.0.1:${port}`;
    await using _server = new TestProcess({
      program: prometheus.path,
      arguments: [
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=series",
        "--web.enable-remote-write-receiver",
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      directory: folder.path,
    });
    await until(
      "Prometheus to be ready",
      async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok,
      (isReady) => isReady === true,
    );
    const flags = [
      `--remoteWrite.url=${url}/api/v1/write`,
      "--remoteWrite.intervalMs=1000",
      `--insight.prometheus.url=${url}`,
      "--insight.prometheus.stepMinMs=1000",
      "--insight.recordEveryMs=10000",
    ];
    await using platform = await start("platform", flags, { directory: folder.path });
    const toMs = Math.floor(Date.now() / 10_000) * 10_000;
    const measures = [
      { name: "orders_total", kind: "METRIC_KIND_COUNTER", labels: { route: "/a" }, value: 30 },
    ];
    const sent = await fetch(`${platform.http}/v1/metrics/measures?namespace=default`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ worker: "w-1", fromMs: toMs - 10_000, toMs, measures }),
    });
    assert.equal(sent.status, 200, await sent.clone().text());
    interface Answer {
      readonly source: string;
      readonly problem?: string;
      readonly series?: readonly {
        readonly labels: Readonly<Record<string, string>>;
        readonly points: readonly { readonly value: number }[];
      }[];
    }
    const fetchSeries = async (query: string): Promise<Answer> =>
      (await (await fetch(`${platform.http}/v1/metrics/series?${query}`)).json()) as Answer;

    const own = await until(
      "series of the process",
      () => fetchSeries("name=process_resident_memory_bytes"),
      ({ series = [] }) => series.length > 0,
    );
    assert.deepEqual([own.source, own.problem, own.series?.length], ["prometheus", undefined, 1]);
    const list = (await (await fetch(`${platform.http}/v1/metrics`)).json()) as {
      readonly processes: readonly { readonly name: string }[];
    };
    assert.deepEqual(own.series?.[0]?.labels, { process: list.processes[0]?.name });
    const orders = await until(
      "series of the user",
      () => fetchSeries(`name=orders_total&namespace=default&fromMs=${toMs - 10_000}&toMs=${toMs}&points=1`),
      ({ series = [] }) => series.length > 0,
    );
    assert.deepEqual(orders.series?.[0]?.labels, { route: "/a", worker: "w-1" });
    assert.ok(Math.abs((orders.series?.[0]?.points[0]?.value ?? 0) - 3) < 0.01);
  });
});

function configurationFor(targets: readonly string[]): string {
  return JSON.stringify({
    global: { scrape_interval: "1s" },
    scrape_configs: [
      { job_name: "tutti", authorization: { credentials_file: "scrape-key" }, static_configs: [{ targets }] },
    ],
  });
}
