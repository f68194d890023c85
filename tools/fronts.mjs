// @ts-check

// What people see of the platform is built: the page by Vite, the command `tutti` into one file, so that it starts fast.
//
// Each is built when its sources, or those of the libraries in it, differ from the stamp beside what was built. A front that
// cannot be built keeps nothing else from starting: that is said, and the next set-up tries again.
//
// Runs on Node 18 without dependencies.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

/**
 * @typedef {object} Front
 * @property {string} name
 * @property {string} folder
 * @property {string} entry without it there is nothing to build
 * @property {string} made
 * @property {string[]} command arguments for Node; it runs in the folder
 */

/**
 * @typedef {(command: string, args: string[], cwd: string, env?: NodeJS.ProcessEnv) => Promise<{ code: number, output: string }>} Run
 */

/** @type {Front[]} */
export const fronts = [
  {
    name: "page",
    folder: "apps/dashboard",
    entry: "index.html",
    made: "dist/index.html",
    command: ["node_modules/vite/bin/vite.js", "build", "--logLevel=warn"],
  },
  {
    name: "command",
    folder: "apps/cli",
    entry: "src/main.ts",
    made: "dist/main.mjs",
    command: ["apps/cli/build.mjs"],
  },
];

/**
 * Those that are not what their sources say.
 *
 * @param {string} root
 * @returns {Front[]}
 */
export function staleFronts(root) {
  return fronts.filter(
    (front) =>
      existsSync(join(root, front.folder, front.entry)) &&
      (!existsSync(join(root, front.folder, front.made)) || !isAsStamped(root, front)),
  );
}

/**
 * @param {Front[]} stale
 * @param {{ root: string, node: string, env: NodeJS.ProcessEnv, run: Run, say: (line: string) => void }} with
 */
export async function buildFronts(stale, { root, node, env, run, say }) {
  say(`building ${stale.map(({ name }) => `the ${name}`).join(" and ")}`);
  const started = Date.now();
  const built = await Promise.all(stale.map((front) => build(front)));
  if (built.includes(true)) say(`built in ${((Date.now() - started) / 1000).toFixed(1)} s`);

  /** @param {Front} front */
  async function build(front) {
    const hash = wanted(root, front);
    const [program = "", ...args] = front.command;
    const { code, output } = await run(node, [join(root, program), ...args], join(root, front.folder), env);
    if (code === 0 && existsSync(join(root, front.folder, front.made))) {
      writeFileSync(stampOf(root, front), hash);
      return true;
    }
    const log = join(root, ".cache", `build-${front.name}.log`);
    writeFileSync(log, output);
    const before = existsSync(join(root, front.folder, front.made)) ? "; the one before it stays" : "";
    say(`the ${front.name} could not be built${before}: ${reasonIn(output, code)} (all of it: ${log})`);
    return false;
  }
}

/** @param {string} root @param {Front} front */
function stampOf(root, { folder }) {
  return join(root, folder, "dist", ".stamp");
}

/**
 * Of the stamp's two lines, one is looked at first because it needs no file to be read: the sizes of the sources, and when
 * they were written. Where that differs, as in a copy of the tree, their content decides.
 *
 * @param {string} root
 * @param {Front} front
 */
function isAsStamped(root, front) {
  const [content, looks] = (readIfThere(stampOf(root, front)) ?? "").split("\n");
  if (content === "") return false;
  const files = filesOf(root, front);
  return looks === looksOf(root, files) || content === contentOf(root, files);
}

/**
 * @param {string} root
 * @param {Front} front
 */
function wanted(root, front) {
  const files = filesOf(root, front);
  return `${contentOf(root, files)}\n${looksOf(root, files)}\n`;
}

/**
 * @param {string} root
 * @param {Front} front
 */
function filesOf(root, { folder }) {
  return [...packagesIn(root, join(root, folder)).flatMap(sourcesOf), join(root, "package-lock.json")];
}

/** @param {string} root @param {string[]} files */
function contentOf(root, files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${nameOf(root, file)}\0`).update(readIfThere(file) ?? "");
  return hash.digest("hex");
}

/** @param {string} root @param {string[]} files */
function looksOf(root, files) {
  const hash = createHash("sha256");
  for (const file of files) {
    const { size, mtimeMs } = statSync(file, { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: 0 };
    hash.update(`${nameOf(root, file)} ${size} ${mtimeMs}\0`);
  }
  return hash.digest("hex");
}

/** @param {string} root @param {string} file */
function nameOf(root, file) {
  return relative(root, file).split(sep).join("/");
}

/**
 * A package and those of the workspace that it is made of, each once.
 *
 * @param {string} root
 * @param {string} folder
 * @param {Set<string>} [found]
 */
function packagesIn(root, folder, found = new Set()) {
  if (found.has(folder)) return [...found];
  found.add(folder);
  const { dependencies = {}, devDependencies = {} } = JSON.parse(
    readIfThere(join(folder, "package.json")) ?? "{}",
  );
  // What is bundled is needed to build, and by nobody who installs what was built.
  for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
    const link = join(root, "node_modules", name);
    if (name.startsWith("@tutti/") && existsSync(link)) packagesIn(root, realpathSync(link), found);
  }
  return [...found];
}

const notSources = new Set(["node_modules", "dist", "test", ".cache", "testing"]);

/**
 * @param {string} folder
 * @returns {string[]}
 */
function sourcesOf(folder) {
  // Generated code is as its stamp says, and there is a lot of it.
  if (existsSync(join(folder, ".stamp"))) return [join(folder, ".stamp")];
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !notSources.has(name) && !/\.(test|io|nightly|fixture)\.tsx?$|\.md$/.test(name))
    .flatMap((entry) =>
      entry.isDirectory() ? sourcesOf(join(folder, entry.name)) : [join(folder, entry.name)],
    )
    .sort();
}

/** @param {string} file */
function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * The first line that names a mistake; colours are for terminals.
 *
 * @param {string} output
 * @param {number} code
 */
function reasonIn(output, code) {
  const lines = output
    .replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g"), "")
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  const telling = lines.filter((line) => !/^(✗ )?(build failed|error during build)/i.test(line));
  return (
    telling.find((line) => /error|cannot|could not|failed/i.test(line)) ?? telling[0] ?? `exit code ${code}`
  );
}
