#!/usr/bin/env node
// @ts-check

// `npm create tutti`: creates a project from a starter. In the package, the starters are next to this file.
//
//   npm create tutti FOLDER -- --starter NAME
//   npm create tutti -- NAME        a folder with the name of the starter
//
// With `--packages DIR` the project depends on the archives in a folder, such as dist/packages of a clone.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const about = {
  "order-saga": "reserve, charge, ship, with compensation",
  "agent-tools": "an agent that uses tools in a loop",
  etl: "extract, transform each row, load",
  "approval-desk": "payments that wait for a person",
  "python-worker": "a worker in Python and one in JavaScript",
  adapter: "an adapter of another system, with the test of its rules",
};
const usual = "order-saga";
const starters = fileURLToPath(new URL("starters", import.meta.url));
const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

function usage() {
  const width = Math.max(...Object.keys(about).map((name) => name.length));
  const lines = Object.entries(about).map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
  return [
    "Usage: npm create tutti FOLDER -- --starter NAME",
    "       npm create tutti -- NAME",
    "Option: --packages DIR   depend on the archives in this folder, not on a registry",
    "",
    `Starters (default: ${usual}):`,
    ...lines,
  ].join("\n");
}

/** @param {string} message @returns {never} */
function refuse(message) {
  console.error(message);
  process.exit(2);
}

/** @returns {{ values: { starter?: string | undefined, packages?: string | undefined, help?: boolean | undefined }, positionals: string[] }} */
function words() {
  try {
    const options = /** @type {const} */ ({
      starter: { type: "string" },
      packages: { type: "string" },
      help: { type: "boolean", short: "h" },
    });
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    // Node adds advice about arguments that start with a dash. No folder does.
    const [first] = String(error instanceof Error ? error.message : error).split(". To specify");
    return refuse(`${first?.replace(/[.]?$/, ".")}\n\n${usage()}`);
  }
}

/**
 * Returns the dependencies of the project.
 *
 * @param {string | undefined} archives
 * @returns {Record<string, string>}
 */
function dependencies(archives) {
  if (archives === undefined) return { "@tutti/sdk": version, tutti: version };
  const found = { "@tutti/sdk": `tutti-sdk-${version}.tgz`, tutti: `tutti-${version}.tgz` };
  return Object.fromEntries(
    Object.entries(found).map(([name, file]) => {
      const path = resolve(archives, file);
      if (!existsSync(path)) refuse(`${path} not found. Run \`npm run package\` in the clone.`);
      return [name, `file:${path}`];
    }),
  );
}

const { values, positionals } = words();
const [folder] = positionals;
if (values.help === true) {
  console.log(usage());
} else if (folder === undefined) {
  refuse(usage());
} else {
  const { starter = Object.hasOwn(about, folder) ? folder : usual } = values;
  if (!Object.hasOwn(about, starter)) refuse(`Starter \`${starter}\` not found.\n\n${usage()}`);
  const target = resolve(folder);
  if (existsSync(target) && readdirSync(target).length > 0)
    refuse(`${folder} is not empty. Choose a new folder.`);
  const needed = dependencies(values.packages);
  mkdirSync(target, { recursive: true });
  cpSync(join(starters, starter), target, { recursive: true });
  const manifest = {
    name: basename(target)
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]+/g, "-"),
    version: "0.0.0",
    private: true,
    type: "module",
    scripts: { dev: "tutti dev", worker: "node worker.mjs", test: "node --test --test-reporter=spec" },
    dependencies: needed,
  };
  writeFileSync(join(target, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  const isPython = existsSync(join(target, "worker.py"));
  if (isPython) {
    // The package has the wheel next to the worker. Without the wheel, pip uses its index.
    const wheel = readdirSync(target).find((name) => name.endsWith(".whl"));
    const required = wheel === undefined ? `tutti-sdk==${version}` : `./${wheel}`;
    writeFileSync(join(target, "requirements.txt"), `${required}\n`);
  }
  const ignored = ["node_modules", ".tutti", ...(isPython ? [".venv", "__pycache__"] : [])];
  writeFileSync(join(target, ".gitignore"), `${ignored.join("\n")}\n`);
  const place = relative(process.cwd(), target) || ".";
  console.log(
    [
      `Created ${place} from the starter ${starter}.`,
      "",
      `  cd ${place}`,
      "  npm install",
      "  npm test",
      "",
      "Then follow README.md.",
    ].join("\n"),
  );
}
