import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

// What the gateway serves: dist/, with every file but index.html named by its content. While the page is worked on,
// `npx vite` serves it and hands what it asks for to a platform on this machine.
const platform = process.env["TUTTI_URL"] ?? "http://127.0.0.1:7400";

const worthBytes = 1_000;
/** The best compression of what is large takes seconds, and saves little more. */
const largeBytes = 1_000_000;

/**
 * Writes each text a second time, compressed in both ways that browsers accept: the server compresses nothing per
 * request.
 */
function compressed(): Plugin {
  let folder = "";
  return {
    name: "compressed",
    apply: "build",
    configResolved: ({ root, build }) => {
      folder = resolve(root, build.outDir);
    },
    closeBundle: async () => {
      const files = (await readdir(folder, { recursive: true })).filter((file) =>
        /\.(js|css|svg)$/.test(file),
      );
      await Promise.all(files.map((file) => compress(join(folder, file))));
    },
  };
}

async function compress(file: string): Promise<void> {
  const bytes = await readFile(file);
  if (bytes.length < worthBytes) return;
  const quality = bytes.length > largeBytes ? 5 : 9;
  const params = { [constants.BROTLI_PARAM_QUALITY]: quality };
  await writeFile(`${file}.br`, await promisify(brotliCompress)(bytes, { params }));
  await writeFile(`${file}.gz`, await promisify(gzip)(bytes, { level: 9 }));
}

export default defineConfig({
  plugins: [react(), compressed()],
  build: {
    target: "es2023",
    sourcemap: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2_000,
    modulePreload: { polyfill: false },
    // What the first page needs is one file: each further one costs a browser more than its bytes do.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "page", tags: ["$initial"] }] } } },
  },
  server: { port: 7401, proxy: { "/v1": { target: platform, changeOrigin: true, ws: true } } },
});
