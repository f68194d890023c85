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
const largeBytes = 400_000;

/** Puts each text beside itself once more, compressed both ways that browsers take: nobody compresses while he serves. */
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

/**
 * Names what the first page needs in `index.html`, so that all of it comes at once: a browser would otherwise learn of
 * the overview only from the program that it has just read.
 */
function named(first: string): Plugin {
  return {
    name: "named",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler: (html, { bundle = {} }) => {
        const chunks = Object.values(bundle).filter((each) => each.type === "chunk");
        const page = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(first) === true);
        const files = new Set(
          [page?.fileName, ...(page?.imports ?? [])].filter((file) => file !== undefined),
        );
        const link = (file: string, attrs: Record<string, string>) => ({
          tag: "link",
          attrs: { ...attrs, crossorigin: true, href: `/${file}` },
          injectTo: "head" as const,
        });
        return [
          ...[...files]
            .filter((file) => !html.includes(file))
            .map((file) => link(file, { rel: "modulepreload" })),
          ...[...(page?.viteMetadata?.importedCss ?? [])].map((file) =>
            link(file, { rel: "preload", as: "style" }),
          ),
        ];
      },
    },
  };
}

export default defineConfig({
  plugins: [react(), named("/overview-page.tsx"), compressed()],
  build: {
    target: "es2023",
    sourcemap: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2_000,
    modulePreload: { polyfill: false },
  },
  server: { port: 7401, proxy: { "/v1": { target: platform, changeOrigin: true, ws: true } } },
});
