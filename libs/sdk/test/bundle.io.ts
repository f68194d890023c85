/** Bundles a worker, and a test of a definition, with their dependencies, and runs them without the workspace. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { build, type Metafile } from "esbuild";
import { bundleSdk } from "../../../tools/package/sdk.mjs";
import { checkConformance, commandWorker, renderReport } from "../src/conformance/index.ts";

const banner =
  'import { createRequire as $createRequire } from "node:module"; const require = $createRequire(import.meta.url);';

describe("a bundled worker", () => {
  let folder: string;
  let outputs: Metafile["outputs"];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tutti-sdk-"));
    outputs = await bundled("bare-worker", folder);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("contains no service of the platform, and loads gRPC from a separate file when it links", () => {
    const contents = Object.values(outputs).flatMap(({ inputs, bytes }) =>
      Object.keys(inputs).map((input) => ({ input, bytes })),
    );
    const heavy = contents.filter(({ input }) =>
      /node_modules\/(zod|yaml|opossum|pino)|libs\/mesh\/src\/mesh/.test(input),
    );
    assert.deepEqual(heavy, []);
    const entry = Object.values(outputs).find(({ entryPoint }) => entryPoint?.endsWith("bare-worker.ts"));
    const staticImports =
      entry?.imports.filter(({ kind }) => kind === "import-statement").map(({ path }) => path) ?? [];
    const first = [entry, ...staticImports.map((path) => outputs[path])];
    assert.ok(
      first.every((output) => !Object.keys(output?.inputs ?? {}).some((input) => input.includes("@grpc"))),
    );
    assert.ok(contents.some(({ input }) => input.includes("@grpc")));
  });

  it("links, works and shuts down", async () => {
    const launch = commandWorker([process.execPath, join(folder, "bare-worker.mjs")]);
    const reports = await checkConformance({
      launch,
      only: ["greeting", "numbering", "silence"],
      patience: 12,
    });
    for (const report of reports) assert.ok(report.kept, renderReport(report));
  });
});

describe("the package", () => {
  it("shows a short line of readable code before the message of an uncaught error", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tutti-sdk-"));
    try {
      await bundleSdk(folder);
      await symlink(
        fileURLToPath(new URL("../../../node_modules", import.meta.url)),
        join(folder, "node_modules"),
      );
      const program = join(folder, "program.mjs");
      await writeFile(
        program,
        'import { Worker } from "./dist/index.js";\nnew Worker({ namesapce: "a" });\n',
      );
      const { stderr } = spawnSync(process.execPath, [program], { encoding: "utf8" });
      const [, code = "", , , message] = stderr.split("\n");
      assert.match(code, /^ +throw sdkErrors\.optionUnknown\(/);
      assert.ok(code.length < 120, code);
      assert.match(
        message ?? "",
        /^TuttiError: `Worker` has no option `namesapce`\. Did you mean `namespace`\?/,
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("a bundled test of a definition", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tutti-sdk-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("has no service, no store, no bus and no test runner in it, and runs", async () => {
    const outputs = await bundled("bare-test", folder);
    const inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
    const heavy =
      /node_modules\/(zod|opossum|pino|fast-check|@nats-io|@opentelemetry)|libs\/(runtime|journal|bus|host|matching|nats)\/|^apps\//;
    assert.deepEqual(
      inputs.filter((input) => heavy.test(input)),
      [],
    );
    const external = Object.values(outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
    assert.ok(!external.includes("node:test"));
    const entry = Object.values(outputs).find(({ entryPoint }) => entryPoint?.endsWith("bare-test.ts"));
    assert.ok(!Object.keys(entry?.inputs ?? {}).some((input) => input.includes("@grpc")));
    const printed = execFileSync(process.execPath, [join(folder, "bare-test.mjs")], { encoding: "utf8" });
    assert.deepEqual(JSON.parse(printed), { a: "done", b: null });
  });
});

async function bundled(program: string, folder: string): Promise<Metafile["outputs"]> {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL(`programs/${program}.ts`, import.meta.url))],
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
  return metafile.outputs;
}
