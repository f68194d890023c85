/**
 * Builds the documentation site from `docs/`: `node src/main.ts [--out DIR] [--repository URL] [--versioned]`. A broken link
 * fails the build. With a repository each page gets a link to edit it there. With `--versioned` the site is a folder of
 * `--out` with the name of its version, and each page has a menu of the versions there.
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildSite, workspaceRoot } from "./site.ts";

const { values } = parseArgs({
  options: {
    out: { type: "string", default: join(import.meta.dirname, "..", "dist") },
    repository: { type: "string" },
    versioned: { type: "boolean", default: false },
  },
});
const { pages, bytes, problems } = await buildSite({
  root: workspaceRoot,
  out: values.out,
  repository: values.repository,
  isVersioned: values.versioned,
});
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else console.log(`${values.out}: ${pages} pages, ${(bytes / 1_048_576).toFixed(1)} MiB`);
