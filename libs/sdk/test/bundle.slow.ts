/** A worker is bundled with what it needs, and runs without the workspace. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { build, type Metafile } from "esbuild";
import { checkConformance, commandWorker, renderReport } from "../src/conformance/index.ts";

const banner =
  'import { createRequire as $createRequire } from "node:module"; const require = $createRequire(import.meta.url);';

describe("a bundled worker", () => {
  let folder: string;
  let outputs: Metafile["outputs"];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tutti-sdk-"));
    const { metafile } = await build({
      entryPoints: [fileURLToPath(new URL("programs/bare-worker.ts", import.meta.url))],
      outdir: folder,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      splitting: true,
      platform: "node",
      format: "esm",
      target: "node24",
      metafile: true,
      banner: { js: banner },
      logLevel: "error",
    });
    outputs = metafile.outputs;
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("has nothing of the platform's services, and gRPC in a file that is loaded when it links", () => {
    const contents = Object.values(outputs).flatMap(({ inputs, bytes }) =>
      Object.keys(inputs).map((input) => ({ input, bytes })),
    );
    const heavy = contents.filter(({ input }) =>
      /node_modules\/(zod|yaml|opossum|pino)|libs\/mesh\/src\/mesh/.test(input),
    );
    assert.deepEqual(heavy, []);
    const entry = Object.values(outputs).find(({ entryPoint }) => entryPoint?.endsWith("bare-worker.ts"));
    const atOnce =
      entry?.imports.filter(({ kind }) => kind === "import-statement").map(({ path }) => path) ?? [];
    const first = [entry, ...atOnce.map((path) => outputs[path])];
    assert.ok(
      first.every((output) => !Object.keys(output?.inputs ?? {}).some((input) => input.includes("@grpc"))),
    );
    assert.ok(contents.some(({ input }) => input.includes("@grpc")));
  });

  it("links, works and leaves", async () => {
    const launch = commandWorker([process.execPath, join(folder, "bare-worker.mjs")]);
    const reports = await checkConformance({
      launch,
      only: ["greeting", "numbering", "silence"],
      patience: 3,
    });
    for (const report of reports) assert.ok(report.kept, renderReport(report));
  });
});
