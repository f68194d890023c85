// @ts-check

// Tools of the clone in the installed package: `tool.mjs NAME …` runs tool-NAME.mjs next to it, on the Node of the
// platform.

import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { NodeTooOld, platformNode } from "./node.mjs";

const [name = "", ...words] = process.argv.slice(2);

try {
  const script = join(dirname(fileURLToPath(import.meta.url)), `tool-${name}.mjs`);
  const { status } = spawnSync(platformNode(), ["--no-warnings", script, ...words], { stdio: "inherit" });
  process.exitCode = status ?? 1;
} catch (error) {
  if (!(error instanceof NodeTooOld)) throw error;
  process.stderr.write(`tutti: ${error.message}\n`);
  process.exitCode = 1;
}
