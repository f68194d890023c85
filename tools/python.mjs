#!/usr/bin/env node
// Makes the generated parts of sdk/python/src/tutti:
//
//   _contracts/   the messages of the link, as Python's protobuf library has them
//   _sync/        the client for threads, from _aio/, the client for event loops
//
//   node tools/python.mjs          write them
//   node tools/python.mjs --check  fail when they are not what they would be
//
// They are committed, because whoever installs the package has neither buf nor Node. What is generated are descriptors:
// the library makes the classes of them, whatever its version, and no protoc is needed.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { readImage } from "./generate/image.mjs";
import { protoFolder, root } from "./generate/places.mjs";
import { blockingOf } from "./python/blocking.mjs";
import { moduleOf, stubOf } from "./python/code.mjs";
import { neededFiles } from "./python/needed.mjs";

const folder = join(root, "sdk", "python", "src", "tutti");
/** What the worker says, hears and asks for; all that these need comes with them. */
const wanted = [
  "tutti.agent.v1.AgentFrame",
  "tutti.agent.v1.HostFrame",
  "tutti.blob.v1.GetRequest",
  "tutti.blob.v1.GetReply",
];

const isCheck = process.argv[2] === "--check";
const files = neededFiles(readImage(protoFolder).set, wanted);
const pages = new Map([
  ["_contracts/__init__.py", moduleOf(files)],
  ["_contracts/__init__.pyi", stubOf(files)],
]);
for (const name of readdirSync(join(folder, "_aio")).filter((each) => each.endsWith(".py")))
  pages.set(`_sync/${name}`, blockingOf(readFileSync(join(folder, "_aio", name), "utf8")));
const stale = [...pages].filter(([name, text]) => readText(join(folder, name)) !== text);
if (isCheck) {
  for (const [name] of stale)
    console.error(
      `${relative(root, join(folder, name))}: not what the contracts say now. Run: node tools/python.mjs`,
    );
  if (stale.length > 0) process.exitCode = 1;
} else {
  for (const [name, text] of stale) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}
if (process.exitCode !== 1) console.log(`python: ${pages.size} files, ${isCheck ? 0 : stale.length} changed`);

/** @param {string} file */
function readText(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
