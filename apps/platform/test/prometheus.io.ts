import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { note, noteService } from "@tutti/mesh/testing";
import { freePorts } from "@tutti/nats/testing";
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
  it("scrapes every process, and answers what is asked of it", async () => {
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
    const [port] = await freePorts(1);
    await using _server = new TestProcess({
      program: prometheus.path,
      arguments: [
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=series",
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      directory: folder.path,
    });
    const ask = async (query: string): Promise<readonly Sample[]> => {
      const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`;
      const response = await fetch(url).catch(() => undefined);
      if (response?.ok !== true) return [];
      const { data } = (await response.json()) as { readonly data: { readonly result: readonly Sample[] } };
      return data.result;
    };

    const up = await until(
      "both to be scraped",
      () => ask("up == 1"),
      (samples) => samples.length === 2,
    );
    const calls = await ask('sum by (code) (tutti_mesh_calls_total{method="Get", side="server"})');

    assert.deepEqual(up.map(({ metric }) => metric["instance"]).sort(), targets.toSorted());
    assert.deepEqual(calls.map(({ metric, value }) => [metric["code"], value[1]]).sort(), [
      ["INVALID_ARGUMENT", "1"],
      ["OK", "1"],
    ]);
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
