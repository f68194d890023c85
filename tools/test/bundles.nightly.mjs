// @ts-check

import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { otlpGrpcReceiver } from "@tutti/telemetry/testing";
import { environmentFor, nodeFor, workspaceRoot } from "../setup.mjs";
import { startPlatform } from "./platform.mjs";
import { emptyFolder, run, treeOf } from "./tree.mjs";

const isThere = (/** @type {string[]} */ ...path) => existsSync(join(workspaceRoot, "apps", ...path));
const apps = readdirSync(join(workspaceRoot, "apps")).filter((app) => isThere(app, "src", "service.ts"));
const node = nodeFor(workspaceRoot);
const env = environmentFor(workspaceRoot, node);

describe("bundles", () => {
  it("are made of at least the registry and the platform", () => {
    for (const app of ["platform", "registry"]) assert.ok(apps.includes(app), app);
  });

  for (const app of apps) {
    it(`${app} starts where there is nothing but its bundle, is ready, and stops when told to`, async (t) => {
      const folder = join(workspaceRoot, "apps", app);
      const { code, output } = await run(node, [join(workspaceRoot, "tools", "build.mjs")], {
        cwd: folder,
        env,
      });
      assert.equal(code, 0, output);
      const alone = emptyFolder(t);
      cpSync(join(folder, "dist"), alone, { recursive: true });
      const collector = await otlpGrpcReceiver();
      t.after(() => collector[Symbol.asyncDispose]());
      const sent = collector.nextRequest();
      const telemetry = {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
        OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
        OTEL_METRIC_EXPORT_INTERVAL: "300",
      };
      const platform = await startPlatform(t, node, ["main.mjs"], {
        cwd: alone,
        env: { ...env, ...telemetry },
      });
      await sent;
      for (const path of ["/livez", "/readyz"])
        assert.equal((await fetch(platform.url + path)).status, 200, path);
      assert.deepEqual(await platform.stop(), [0, null]);
    });
  }

  it("of what has a journal bring its thread along, and write with it where there is nothing else", async (t) => {
    const folder = treeOf(t, { "src/main.ts": journalProgram });
    symlinkSync(join(workspaceRoot, "node_modules"), join(folder, "node_modules"));
    const made = await run(node, [join(workspaceRoot, "tools", "build.mjs")], { cwd: folder, env });
    assert.equal(made.code, 0, made.output);
    const alone = emptyFolder(t);
    cpSync(join(folder, "dist"), alone, { recursive: true });
    const { code, output } = await run(node, ["main.mjs"], { cwd: alone, env });
    assert.equal(code, 0, output);
    assert.equal(output.trim(), "durable up to 2");
  });
});

/** Seals and appends, then prints the content of the reopened journal. */
const journalProgram = `
import { openSegments } from "@tutti/journal";
import { systemFoundation } from "@tutti/kernel";

const open = () => openSegments("journal", {
  services: [{ service: "some", partitions: 1 }],
  chance: systemFoundation().chance,
});
const { journal } = await open();
const [partition] = journal.partitions;
await partition.seal({ epoch: 1, timeMs: 0, behaviour: 1 });
const records = new Uint8Array(10);
await partition.append({ epoch: 1, number: 2, timeMs: 0, behaviour: 1, records, count: 1 });
await journal.close();
const again = await open();
console.log("durable up to", again.journal.partitions[0].last.number);
await again.journal.close();
`;
