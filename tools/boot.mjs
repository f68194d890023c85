// Starts main.cjs next to it. It is main.mjs of a bundle.
//
// The compiled code of the script is kept in a file, a few seconds after the first start: then it contains the functions
// that the start has called. Node's own cache of compiled code is written before a module runs, without its functions.
// Without that file, or with an unusable one, the script is compiled.
//
// Runs on the pinned Node, without dependencies.

const { readFileSync, renameSync, rmSync, writeFileSync } = process.getBuiltinModule("node:fs");
const { createRequire, Module } = process.getBuiltinModule("node:module");
const { join } = process.getBuiltinModule("node:path");
const { Script } = process.getBuiltinModule("node:vm");
const { crc32 } = process.getBuiltinModule("node:zlib");

const keepAfterMs = 3_000;
const folder = import.meta.dirname;
const path = join(folder, "main.cjs");
const codePath = join(folder, `main.${process.version}-${process.arch}.code`);

const { script, textSum, isKept } = compiled();
// launch.mjs starts the process before its words are known.
const words = await globalThis[Symbol.for("tutti.held")];
if (words !== undefined) process.argv.push(...words);

const require = createRequire(import.meta.url);
const module = new Module(path);
module.filename = path;
module.loaded = true;
require.cache[path] = module;
const load = (name) => import(name);
script.runInThisContext().call(module.exports, module.exports, require, module, path, folder, load);
if (!isKept) setTimeout(keepCode, keepAfterMs, script, textSum).unref();

/** The bytes of both files, 12 MB, are garbage after it. */
function compiled() {
  const bytes = readFileSync(path);
  const textSum = crc32(bytes);
  const cachedData = readCode(textSum);
  // One byte for each character: bundles are ASCII.
  const script = new Script(bytes.latin1Slice(), { filename: path, cachedData });
  return { script, textSum, isKept: cachedData !== undefined && !script.cachedDataRejected };
}

/** The file starts with a checksum of the code and one of the text, because V8 checks neither. */
function readCode(textSum) {
  try {
    const kept = readFileSync(codePath);
    const code = kept.subarray(8);
    return kept.readUInt32LE(0) === crc32(code) && kept.readUInt32LE(4) === textSum ? code : undefined;
  } catch {
    return undefined;
  }
}

function keepCode(script, textSum) {
  const code = script.createCachedData();
  const head = Buffer.alloc(8);
  head.writeUInt32LE(crc32(code), 0);
  head.writeUInt32LE(textSum, 4);
  const fresh = `${codePath}.${process.pid}`;
  try {
    writeFileSync(fresh, Buffer.concat([head, code]));
    renameSync(fresh, codePath);
  } catch {
    // A folder that cannot be written, or a full disk: the next start compiles again.
    rmSync(fresh, { force: true });
  }
}
