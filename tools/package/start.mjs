// @ts-check

// `tutti dev` of the installed package: the platform in the current folder, on the Node that the package brings, else
// on this one if it is new enough. Bundled, it is start.mjs beside the platform.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { runToItsEnd } from "../child.mjs";
import { PortsTaken, withPorts } from "../ports.mjs";

const neededMajor = 24;
const here = import.meta.dirname;

/** @returns {string} */
function node() {
  if (Number(process.versions.node.split(".")[0]) >= neededMajor) return process.execPath;
  const [name, file] = process.platform === "win32" ? ["win", "node.exe"] : [process.platform, "node"];
  const carrier = `node-${name}-${process.arch}`;
  try {
    const found = join(
      dirname(createRequire(import.meta.url).resolve(`${carrier}/package.json`)),
      "bin",
      file,
    );
    if (existsSync(found)) return found;
  } catch {
    // npm leaves out optional packages that it cannot have.
  }
  throw new PortsTaken(
    `the platform needs Node ${neededMajor}: this is Node ${process.versions.node}, and the package ${carrier} is not installed. ` +
      `Install Node ${neededMajor} from https://nodejs.org, then run this again`,
  );
}

try {
  const words = await withPorts(process.argv.slice(2), process.env, "npx tutti dev");
  const leash = pathToFileURL(join(here, "leash.mjs")).href;
  const preset = JSON.stringify({ ...(process.stdout.isTTY === true && { "log.level": "warn" }) });
  process.exitCode = await runToItsEnd(
    node(),
    ["--import", leash, join(here, "main.mjs"), ...words],
    { ...process.env, TUTTI_PRESET: preset },
    false,
  );
} catch (error) {
  if (!(error instanceof PortsTaken)) throw error;
  process.stderr.write(`tutti: ${error.message}\n`);
  process.exitCode = 1;
}
