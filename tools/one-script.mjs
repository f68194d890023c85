// @ts-check

// Makes one script of the parts of a bundle that load at the start. boot.mjs runs it with its compiled code.
//
// 1. esbuild has split the program into ES modules: parts that main.mjs and the other entries import, and parts that
//    load on first use.
// 2. A second pass joins the parts of the start into main.cjs, which exports what other parts import from them.
// 3. The other parts become CommonJS modules. They read those exports from main.cjs.
// 4. The other entries become ES modules that re-export from main.cjs.

import { basename, dirname, join } from "node:path";
import { build } from "esbuild";
import { parseSync } from "oxc-parser";

/** The function in which Node runs a CommonJS module, with an import of any module. boot.mjs calls it. */
const mainHead = "(function (exports, require, module, __filename, __dirname, $other) {";
const partHead = "const $other = (name) => import(name);";
const head =
  'const $url = require("node:url").pathToFileURL(__filename).href, $onUse = async (path) => require(path);';

/**
 * @typedef {import("esbuild").OutputFile} OutputFile
 * @typedef {import("esbuild").Metafile["outputs"]} Outputs
 * @typedef {{ text: string, map: string | undefined, imports: string[], exports: string[] }} Part
 */

/**
 * @param {readonly OutputFile[]} files of the first pass
 * @param {Outputs} outputs of the first pass
 * @param {{ folder: string, entries: readonly string[], how: import("esbuild").BuildOptions }} of the folder of the
 *   bundle, and its entries besides `main`
 * @returns {Promise<{ path: string, text: string }[]>}
 */
export async function oneScript(files, outputs, { folder, entries, how }) {
  const parts = partsOf(files, outputs);
  const start = reachable(parts, ["main.mjs", ...entries.map((name) => `${name}.mjs`)]);
  const others = [...parts.keys()].filter((name) => !start.has(name));
  const shared = [...start].filter(
    (name) =>
      entries.includes(name.replace(/\.mjs$/, "")) ||
      others.some((other) => parts.get(other)?.imports.includes(name)),
  );
  const make = (/** @type {string} */ entry, /** @type {string} */ out, /** @type {string[]} */ around) =>
    joined(parts, { entry, out: join(folder, out), isInStart: (name) => start.has(name), around, how });
  const made = await Promise.all([
    make(mainText(parts, shared), "main.cjs", [mainHead, "})"]),
    ...others.map((name) =>
      make(
        exportText(name, parts, (one) => one),
        commonName(name),
        [partHead, ""],
      ),
    ),
  ]);
  const facades = entries.map((name) => ({
    path: join(folder, `${name}.mjs`),
    text: facadeText(`${name}.mjs`, parts.get(`${name}.mjs`)?.exports ?? []),
  }));
  return [...made.flat(), ...facades];
}

/** @param {readonly OutputFile[]} files @param {Outputs} outputs @returns {Map<string, Part>} */
function partsOf(files, outputs) {
  const texts = new Map(files.map(({ path, text }) => [basename(path), text]));
  return new Map(
    Object.entries(outputs)
      .filter(([path]) => path.endsWith(".mjs"))
      .map(([path, { imports, exports }]) => {
        const name = basename(path);
        const imported = imports.filter(({ kind, external }) => kind === "import-statement" && !external);
        return [
          name,
          {
            text: texts.get(name) ?? "",
            map: texts.get(`${name}.map`),
            imports: imported.map((one) => basename(one.path)),
            exports,
          },
        ];
      }),
  );
}

/** @param {Map<string, Part>} parts @param {string[]} roots */
function reachable(parts, roots) {
  const found = new Set(roots);
  for (const name of found) for (const imported of parts.get(name)?.imports ?? []) found.add(imported);
  return found;
}

/** @param {string} name of a part */
function commonName(name) {
  return name.replace(/\.mjs$/, ".cjs");
}

/** Parts have short names for their exports, which are not unique. @param {string} part @param {string} name */
function sharedName(part, name) {
  return `${part.replace(/\.mjs$/, "").replaceAll("-", "_")}_${name}`;
}

/** @param {Map<string, Part>} parts @param {readonly string[]} shared */
function mainText(parts, shared) {
  const lines = shared.map((part) => exportText(part, parts, (name) => sharedName(part, name)));
  return ['import "./main.mjs";', ...lines].join("\n");
}

/** @param {string} part @param {Map<string, Part>} parts @param {(name: string) => string} rename */
function exportText(part, parts, rename) {
  const names = (parts.get(part)?.exports ?? []).map((name) => `${name} as ${rename(name)}`);
  return `export { ${names.join(", ")} } from "./${part}";`;
}

/** @param {string} part @param {string[]} names */
function facadeText(part, names) {
  const exported = names.map((name) => `export const ${name} = main.${sharedName(part, name)};`);
  return [
    'import { createRequire } from "node:module";',
    'const main = createRequire(import.meta.url)("./main.cjs");',
    ...exported,
    "",
  ].join("\n");
}

/**
 * @param {Map<string, Part>} parts
 * @param {object} of
 * @param {string} of.entry text of the entry
 * @param {string} of.out
 * @param {(name: string) => boolean} of.isInStart
 * @param {string[]} of.around text before and after
 * @param {import("esbuild").BuildOptions} of.how
 */
async function joined(parts, { entry, out, isInStart, around: [before = "", after = ""], how }) {
  const isMain = basename(out) === "main.cjs";
  const entryName = basename(out).replace(/\.cjs$/, ".mjs");
  /** @type {import("esbuild").Plugin} */
  const fromMemory = {
    name: "from-memory",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\/main\.cjs$/ }, ({ path }) => ({ path, external: true }));
      onResolve({ filter: /^\.\/[\w-]+\.mjs$/ }, ({ path, kind }) => {
        const name = basename(path);
        if (!parts.has(name)) return undefined;
        if (kind === "dynamic-import") throw new Error(`${name} is imported in an unknown form`);
        if (isMain || name === entryName) return { path: name, namespace: "part" };
        return isInStart(name)
          ? { path: name, namespace: "shared" }
          : { path: `./${commonName(name)}`, external: true };
      });
      onLoad({ filter: /^/, namespace: "part" }, ({ path }) => ({
        contents: contentsOf(path, parts, isInStart),
        resolveDir: dirname(out),
      }));
      onLoad({ filter: /^/, namespace: "shared" }, ({ path }) => ({
        contents: `export { ${(parts.get(path)?.exports ?? [])
          .map((name) => `${sharedName(path, name)} as ${name}`)
          .join(", ")} } from "./main.cjs";`,
        resolveDir: dirname(out),
      }));
    },
  };
  const { outputFiles = [], warnings } = await build({
    ...how,
    // Done. A second time would lose positions of the sources.
    minifySyntax: false,
    stdin: { contents: entry, resolveDir: dirname(out), sourcefile: "entry.mjs" },
    outfile: out,
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    plugins: [fromMemory],
    define: {
      "import.meta.url": "$url",
      "import.meta.dirname": "__dirname",
      "import.meta.filename": "__filename",
    },
    banner: { js: `${before}${head}` },
    footer: { js: after },
    logLevel: "warning",
  });
  if (warnings.length > 0) throw new Error(`${out}: esbuild warned ${warnings.length} times`);
  return outputFiles.map(({ path, text }) => ({ path, text }));
}

/**
 * Returns a part with its map. Parts that load on first use are loaded by `$onUse`, other modules by `$other`: names of
 * the length of `import`, so that the map stays true. Strings that contain an import stay as they are.
 *
 * @param {string} part
 * @param {Map<string, Part>} parts
 * @param {(name: string) => boolean} isInStart
 */
function contentsOf(part, parts, isInStart) {
  const { text = "", map } = parts.get(part) ?? {};
  let code = "";
  let done = 0;
  const { dynamicImports } = parseSync(part, text).module;
  for (const { start, end, moduleRequest } of dynamicImports.sort((a, b) => a.start - b.start)) {
    code += text.slice(done, start);
    const [, name = ""] = /^"\.\/(.*)"$/.exec(text.slice(moduleRequest.start, moduleRequest.end)) ?? [];
    if (!parts.has(name)) {
      code += "$other";
      done = start + "import".length;
      continue;
    }
    if (isInStart(name)) throw new Error(`${name} is in the start and loads on first use`);
    code += `$onUse("./${commonName(name)}")`;
    done = end;
  }
  code = `${code}${text.slice(done)}`.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "");
  if (map === undefined) return code;
  const url = `data:application/json;base64,${Buffer.from(map).toString("base64")}`;
  return `${code}\n//# sourceMappingURL=${url}\n`;
}
