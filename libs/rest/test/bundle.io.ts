import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const source = join(import.meta.dirname, "..", "src");

describe("the routes and the client in a page", () => {
  it("are a few kilobytes without any codec", async () => {
    const { metafile, outputFiles } = await build({
      stdin: {
        contents: 'export * from "./client/index.ts"; export * from "./index.ts";',
        resolveDir: source,
      },
      ...{ bundle: true, minify: true, format: "esm", platform: "browser", write: false, metafile: true },
      logLevel: "silent",
    });
    const files = Object.keys(metafile.inputs).filter((file) => file !== "<stdin>");
    const paths = files.map((file) => relative(source, join(process.cwd(), file)));
    const rooms = paths.map((path) => (path.startsWith("generated/") ? path : path.split("/")[0]));
    assert.deepEqual([...new Set(rooms)].sort(), ["client", "generated/keyed.ts", "index.ts", "routes"]);
    const [bundle] = outputFiles;
    assert.ok(bundle !== undefined && gzipSync(bundle.contents).length < 13_312);
  });
});
