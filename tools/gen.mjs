#!/usr/bin/env node
// `npm run gen`: generates the code from proto/, REST types, the reference pages of docs/reference, and the types of
// the Python client. It has no options. To run or check one part: `node tools/generate.mjs --lint`,
// `node tools/reference.mjs --check`, `node tools/python.mjs --check`.

import "./node-version.mjs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { helpFor } from "./help.mjs";

const help = helpFor("tools/gen.mjs", process.argv.slice(2));
if (help !== undefined) console.log(help);
else
  for (const part of ["generate", "reference", "python"]) {
    const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${part}.mjs`)], {
      stdio: "inherit",
    });
    if (status === 0) continue;
    process.exitCode = status ?? 1;
    break;
  }
