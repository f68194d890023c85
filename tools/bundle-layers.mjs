// @ts-check

// A bundle in pieces. Node reads each file of a program at once, and what it needs for that is seven times the text: for the
// 2.5 MB of an engine 17 MiB, which its allocator keeps in holes as long as the process lives. Pieces are read one after the
// other, and each uses what the one before it has left.

import { basename, join } from "node:path";
import { workspaceRoot } from "./setup.mjs";

/** Of text, in a piece. Below it there is less to gain with each, and more for pieces to import of each other. */
const pieceBytes = 256 * 1024;
const prefix = "layer-";

/**
 * Cuts the files of a bundle into layers: each has all of those before it, so that what is in the same ones is a piece, and pieces are
 * run in the order of the files.
 *
 * @param {import("esbuild").Metafile} metafile of the bundle as a whole
 * @returns {string[][]} none where one piece is enough
 */
export function layersOf({ inputs, outputs }) {
  /** @type {Map<string, number>} */
  const sizes = new Map();
  for (const { inputs: parts } of Object.values(outputs))
    for (const [file, { bytesInOutput }] of Object.entries(parts))
      sizes.set(file, (sizes.get(file) ?? 0) + bytesInOutput);
  const entries = Object.values(outputs).flatMap(({ entryPoint }) => entryPoint ?? []);
  /** @type {string[]} */
  const taken = [];
  const layers = [];
  let bytes = 0;
  for (const file of inOrder(inputs, entries)) {
    const size = sizes.get(file) ?? 0;
    if (size === 0) continue;
    if (bytes > 0 && bytes + size > pieceBytes) {
      layers.push([...taken]);
      bytes = 0;
    }
    taken.push(file);
    bytes += size;
  }
  return layers;
}

/**
 * Files in the order in which they are run: whatever one imports before itself, and what it imports later after everything.
 *
 * @param {import("esbuild").Metafile["inputs"]} inputs
 * @param {readonly string[]} entries
 * @returns {Set<string>}
 */
function inOrder(inputs, entries) {
  const done = new Set();
  const seen = new Set();
  const visit = (/** @type {string} */ file) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { path, kind } of inputs[file]?.imports ?? []) if (kind !== "dynamic-import") visit(path);
    done.add(file);
  };
  for (const entry of entries) visit(entry);
  for (const file of Object.keys(inputs)) visit(file);
  return done;
}

/**
 * What makes esbuild put each layer into files of its own: an entry that imports what is in it, whose own output nobody needs.
 *
 * @param {readonly string[][]} layers
 * @returns {{ entries: Record<string, string>, plugin: import("esbuild").Plugin }}
 */
export function layerEntries(layers) {
  const namespace = "layer";
  return {
    entries: Object.fromEntries(layers.map((_, at) => [`${prefix}${at}`, `${namespace}:${at}`])),
    plugin: {
      name: namespace,
      setup(build) {
        build.onResolve({ filter: /^layer:/ }, ({ path }) => ({
          path: path.slice(namespace.length + 1),
          namespace,
        }));
        build.onLoad({ filter: /.*/, namespace }, ({ path }) => ({
          contents: (layers[Number(path)] ?? [])
            .map((file) => `import ${JSON.stringify(join(workspaceRoot, file))};`)
            .join("\n"),
          resolveDir: workspaceRoot,
        }));
      },
    },
  };
}

/**
 * What a file that something begins with has to import first, so that its pieces are run in the order of what is in them. Esbuild imports
 * them in an order of its own, which is the other way round.
 *
 * @param {import("esbuild").Metafile} metafile of the pieces
 * @param {string} output
 * @returns {string} nothing for one that nothing begins with
 */
export function importsInOrder({ inputs, outputs }, output) {
  const entry = outputs[output]?.entryPoint;
  if (entry === undefined) return "";
  const places = new Map([...inOrder(inputs, [entry])].map((file, place) => [file, place]));
  const pieces = new Map();
  const visit = (/** @type {string} */ piece) => {
    if (pieces.has(piece)) return;
    const { inputs: parts = {}, imports = [] } = outputs[piece] ?? {};
    pieces.set(piece, Math.min(...Object.keys(parts).map((file) => places.get(file) ?? 0)));
    for (const { path, kind } of imports) if (kind === "import-statement" && path in outputs) visit(path);
  };
  visit(output);
  pieces.delete(output);
  return [...pieces]
    .sort(([, one], [, other]) => one - other)
    .map(([piece]) => `import "./${basename(piece)}";\n`)
    .join("");
}

/** @param {string} file that was made */
export function isLayer(file) {
  return basename(file).startsWith(prefix);
}
