#!/usr/bin/env node
// Generates docs/reference/ from declarations in the code and the contracts.
//
//   node tools/reference.mjs          write the pages
//   node tools/reference.mjs --check  fail if a page is stale, and name it
//
// No page is written by hand. The generator finds the declaration of every error catalogue, configuration section,
// metric, rpc and event. So a new one is on its page, or the check fails.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./generate/places.mjs";
import { referencePages } from "./reference/pages.mjs";

const folder = "docs/reference";
const [option = "", ...others] = process.argv.slice(2);

if ((option !== "" && option !== "--check") || others.length > 0) {
  console.error(`reference: expected --check or nothing, got ${process.argv.slice(2).join(" ")}`);
  process.exitCode = 2;
} else {
  const pages = await referencePages(root);
  const stale = [...pages].filter(([name, text]) => readText(join(root, folder, name)) !== text);
  if (option === "--check") {
    for (const [name] of stale) {
      console.error(`${folder}/${name}: out of date with the sources. Run: node tools/reference.mjs`);
    }
    if (stale.length > 0) process.exitCode = 1;
    else console.log(`reference: ${pages.size} pages are up to date`);
  } else {
    for (const [name, text] of stale) {
      const file = join(root, folder, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    console.log(`reference: ${pages.size} pages, ${stale.length} changed`);
  }
}

function readText(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}
