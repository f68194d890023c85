#!/usr/bin/env node
// Generates parts of sdk/python/src/tutti:
//
//   node tools/python.mjs          write them
//   node tools/python.mjs --check  fail if they are stale
//
// `_contracts/` has the messages of the link as descriptors. Every version of Python's protobuf library creates classes
// from them.
// `_sync/` is the client for threads, generated from `_aio/`, the client for event loops.
// `_generated.py` has the classes of definitions, generated from docs/reference/workflow.schema.json.
// All are committed, because users of the package have neither buf nor Node.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { readImage } from "./generate/image.mjs";
import { protoFolder, root } from "./generate/places.mjs";
import { blockingOf } from "./python/blocking.mjs";
import { moduleOf, stubOf } from "./python/code.mjs";
import { definitionsOf } from "./python/definition.mjs";
import { neededFiles } from "./python/needed.mjs";

const folder = join(root, "sdk", "python", "src", "tutti");
const schemaFile = join(root, "docs", "reference", "workflow.schema.json");
/** The messages that a worker sends and receives. Messages in their fields are included. */
const requested = [
  "tutti.agent.v1.AgentFrame",
  "tutti.agent.v1.HostFrame",
  "tutti.blob.v1.GetRequest",
  "tutti.blob.v1.GetReply",
  "tutti.blob.v1.PutRequest",
  "tutti.blob.v1.PutReply",
];

const isCheck = process.argv[2] === "--check";
const files = neededFiles(readImage(protoFolder).set, requested);
const pages = new Map([
  ["_contracts/__init__.py", moduleOf(files)],
  ["_contracts/__init__.pyi", stubOf(files)],
  ["_generated.py", definitionsOf(JSON.parse(readFileSync(schemaFile, "utf8")))],
]);
for (const name of readdirSync(join(folder, "_aio")).filter((each) => each.endsWith(".py")))
  pages.set(`_sync/${name}`, blockingOf(readFileSync(join(folder, "_aio", name), "utf8")));
const stale = [...pages].filter(([name, text]) => readText(join(folder, name)) !== text);
if (isCheck) {
  for (const [name] of stale)
    console.error(
      `${relative(root, join(folder, name))}: out of date with the contracts. Run: node tools/python.mjs`,
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
