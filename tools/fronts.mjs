// @ts-check

// Builds the parts that run faster as bundles: the dashboard by Vite, the command `tutti`, the platform, and its
// services.
//
// 1. A front is built if its sources, or the sources of the libraries in it, differ from its stamp.
// 2. A failed build does not block the start: it prints the reason, and the next set-up tries again.
// 3. Each build of the platform has its own folder, because a running platform may still import parts of an older
//    build. The newest builds stay.
//
// Runs on Node 18 without dependencies.

import { createHash } from "node:crypto";
import {
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * @typedef {object} Front
 * @property {FrontName} name
 * @property {string} folder
 * @property {string} entry source that must exist for a build
 * @property {string} made result, in the folder or in the folder of this build
 * @property {string} [builds] folder with a folder for each build, named by the content of its sources. The command
 *   gets the folder
 * @property {string[]} command arguments for Node, which runs in the folder
 * @property {boolean} [onlyDependencies] leaves out the development dependencies of its packages
 * @property {string[]} [reads] inputs outside of its package: folders and files
 */

/** @typedef {"page" | "site" | "command" | "platform" | "services" | "threads"} FrontName */

/**
 * @typedef {(command: string, args: string[], cwd: string, env?: NodeJS.ProcessEnv) => Promise<{ code: number, output: string }>} Run
 */

/** As people call them. @type {Record<FrontName, string>} */
const titles = {
  page: "the dashboard",
  site: "the documentation",
  command: "the CLI",
  platform: "the platform",
  services: "the services",
  threads: "the threads of tests",
};

/** @type {Front[]} */
export const fronts = [
  {
    name: "page",
    folder: "apps/dashboard",
    entry: "index.html",
    made: "dist/index.html",
    command: ["node_modules/vite/bin/vite.js", "build", "--logLevel=warn"],
    reads: ["examples"],
  },
  {
    name: "site",
    folder: "apps/site",
    entry: "src/main.ts",
    made: "dist/search.json",
    command: ["apps/site/src/main.ts"],
    reads: ["docs", "examples", "README.md", "CONTRIBUTING.md", "apps/dashboard/src/style/tokens.css"],
  },
  {
    name: "command",
    folder: "apps/cli",
    entry: "src/main.ts",
    made: "dist/main.mjs",
    command: ["apps/cli/build.mjs"],
  },
  {
    name: "platform",
    folder: "apps/platform",
    entry: "src/main.ts",
    made: "main.mjs",
    builds: ".cache/platform",
    command: ["tools/build.mjs", "--split"],
    onlyDependencies: true,
  },
  {
    // For processes of tests. From source a service takes four times as long until it is ready.
    name: "services",
    folder: "apps/platform",
    entry: "src/main.ts",
    made: "workflow.mjs",
    builds: ".cache/services",
    command: ["tools/build.mjs", "--services"],
    onlyDependencies: true,
  },
  {
    // From source a thread takes 0.3 to 0.5 s of processor time until it is ready.
    name: "threads",
    folder: "apps/platform",
    entry: "src/main.ts",
    made: "journal-worker.mjs",
    builds: ".cache/threads",
    command: ["tools/build.mjs", "--threads"],
    onlyDependencies: true,
  },
];

/** Number of builds of a front that stay, for processes that still run from them. */
const buildsKept = 5;

/**
 * Returns the fronts that are older than their sources.
 *
 * @param {string} root
 * @param {readonly FrontName[]} names
 * @returns {Front[]}
 */
export function staleFronts(root, names) {
  const tree = new Tree(root);
  return fronts.filter(
    (front) =>
      names.some((name) => name === front.name) &&
      existsSync(join(root, front.folder, front.entry)) &&
      !isAsStamped(root, front, tree),
  );
}

/**
 * Returns the file of a front's last build. Undefined if that build failed or is missing. Call it after set-up.
 *
 * @param {string} root
 * @param {FrontName} name
 * @returns {string | undefined}
 */
export function madeBy(root, name) {
  const front = fronts.find((one) => one.name === name);
  const [content] = front === undefined ? [] : stampedOf(root, front);
  const made = front === undefined || !content ? undefined : madeOf(root, front, content);
  return made !== undefined && existsSync(made) ? made : undefined;
}

/**
 * Returns the program of a service or of the platform, for tests that start processes: the bundle of this run, or its
 * source.
 *
 * @param {string} name
 * @returns {string}
 */
export function serviceProgram(name) {
  const { TEST_PLATFORM: platform, TEST_SERVICES: services } = process.env;
  if (name === "platform" && platform !== undefined) return platform;
  if (name !== "platform" && services !== undefined) return join(services, `${name}.mjs`);
  return fileURLToPath(new URL(`../apps/${name}/src/main.ts`, import.meta.url));
}

/**
 * Returns the program of the CLI, for tests that start it: the bundle of this run, or its source. From source it takes
 * four times as long.
 */
export function commandProgram() {
  return process.env["TEST_COMMAND"] ?? fileURLToPath(new URL("../apps/cli/src/main.ts", import.meta.url));
}

/**
 * @param {Front[]} stale
 * @param {{ root: string, node: string, env: NodeJS.ProcessEnv, run: Run, say: (line: string) => void }} with
 */
export async function buildFronts(stale, { root, node, env, run, say }) {
  say(`building ${stale.map(({ name }) => titles[name]).join(", ")}`);
  const started = Date.now();
  const built = await Promise.all(stale.map((front) => build(front)));
  if (built.includes(true)) say(`built in ${((Date.now() - started) / 1000).toFixed(1)} s`);

  /** @param {Front} front */
  async function build(front) {
    const tree = new Tree(root);
    const files = filesOf(root, front, tree);
    const content = contentOf(root, files);
    const looks = looksOf(files, tree);
    const made = madeOf(root, front, content);
    const [program = "", ...args] = front.command;
    const isThere = front.builds !== undefined && existsSync(made);
    const out = front.builds === undefined ? [] : ["--out", dirname(made)];
    const { code, output } = isThere
      ? { code: 0, output: "" }
      : await run(node, [join(root, program), ...args, ...out], join(root, front.folder), env);
    if (code === 0 && existsSync(made)) {
      writeFileSync(stampOf(root, front), `${content}\n${looks}\n`);
      if (front.builds !== undefined) dropOldBuilds(join(root, front.builds), dirname(made));
      return true;
    }
    const log = join(root, ".cache", `build-${front.name}.log`);
    writeFileSync(log, output);
    // The platform must not start from the bundle of an older source.
    if (front.builds !== undefined) rmSync(stampOf(root, front), { force: true });
    const before = existsSync(made) ? ". The previous build stays in use" : "";
    say(`the ${front.name} could not be built${before}: ${reasonIn(output, code)} (full output: ${log})`);
    return false;
  }
}

/** @param {string} folder @param {string} newest */
function dropOldBuilds(folder, newest) {
  utimesSync(newest, new Date(), new Date());
  const builds = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const build of builds.slice(buildsKept)) rmSync(build, { recursive: true, force: true });
}

/** @param {string} root @param {Front} front @param {string} content */
function madeOf(root, { folder, made, builds }, content) {
  return builds === undefined ? join(root, folder, made) : join(root, builds, content.slice(0, 16), made);
}

/** @param {string} root @param {Front} front */
function stampOf(root, { folder, builds = join(folder, "dist") }) {
  return join(root, builds, ".stamp");
}

/** @param {string} root @param {Front} front */
function stampedOf(root, front) {
  return (readIfThere(stampOf(root, front)) ?? "").split("\n");
}

/** The sources of several fronts, read once. */
class Tree {
  /** @type {Map<string, { dependencies: string[], devDependencies: string[] }>} the workspace's packages that one uses */
  #packages = new Map();
  /** @type {Map<string, string[]>} the sources of a package */
  #sources = new Map();
  /** @type {Map<string, string[]>} the files of a folder */
  #files = new Map();
  /** @type {Map<string, string>} */
  #looks = new Map();
  #root;

  /** @param {string} root */
  constructor(root) {
    this.#root = root;
  }

  /** @param {string} folder */
  packagesOf(folder) {
    const known = this.#packages.get(folder);
    if (known !== undefined) return known;
    const { dependencies, devDependencies } = JSON.parse(readIfThere(join(folder, "package.json")) ?? "{}");
    /** @param {Record<string, string>} [named] */
    const folders = (named = {}) =>
      Object.keys(named)
        .filter((name) => name.startsWith("@tutti/"))
        .map((name) => join(this.#root, "node_modules", name))
        .filter((link) => existsSync(link))
        .map((link) => realpathSync.native(link));
    const packages = { dependencies: folders(dependencies), devDependencies: folders(devDependencies) };
    this.#packages.set(folder, packages);
    return packages;
  }

  /** @param {string} folder */
  sourcesOf(folder) {
    const sources = this.#sources.get(folder) ?? sourcesOf(folder);
    this.#sources.set(folder, sources);
    return sources;
  }

  /** @param {string} path */
  everyFileIn(path) {
    const files = this.#files.get(path) ?? everyFileIn(path);
    this.#files.set(path, files);
    return files;
  }

  /** @param {string} file */
  looksOf(file) {
    const known = this.#looks.get(file);
    if (known !== undefined) return known;
    const { size, mtimeMs } = statSync(file, { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: 0 };
    const looks = `${nameOf(this.#root, file)} ${size} ${mtimeMs}\0`;
    this.#looks.set(file, looks);
    return looks;
  }
}

/**
 * Returns whether a front matches its stamp. The line with sizes and times of the sources is compared first, because it
 * needs no file content. If it differs, as in a copy of the tree, the line with the hash of the content decides. The
 * first line is then brought up to date.
 *
 * @param {string} root
 * @param {Front} front
 * @param {Tree} tree
 */
function isAsStamped(root, front, tree) {
  const [content = "", looks] = stampedOf(root, front);
  if (content === "" || !existsSync(madeOf(root, front, content))) return false;
  const files = filesOf(root, front, tree);
  const newLooks = looksOf(files, tree);
  if (looks === newLooks) return true;
  if (content !== contentOf(root, files)) return false;
  writeFileSync(stampOf(root, front), `${content}\n${newLooks}\n`);
  return true;
}

/**
 * @param {string} root
 * @param {Front} front
 * @param {Tree} tree
 */
function filesOf(root, { folder, command, onlyDependencies = false, reads = [] }, tree) {
  const packages = packagesIn(tree, join(root, folder), onlyDependencies);
  const [builder = ""] = command;
  const makers = builder.startsWith("tools/") ? [builder, ...bundleMakers] : [];
  return [
    ...packages.flatMap((each) => tree.sourcesOf(each)),
    ...reads.flatMap((name) => tree.everyFileIn(join(root, name))),
    ...["package-lock.json", ...makers].map((name) => join(root, name)),
  ];
}

const bundleMakers = ["bundle", "one-script", "boot"].map((name) => `tools/${name}.mjs`);

/** @param {string} root @param {string[]} files */
function contentOf(root, files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${nameOf(root, file)}\0`).update(readIfThere(file) ?? "");
  return hash.digest("hex");
}

/** @param {string[]} files @param {Tree} tree */
function looksOf(files, tree) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(tree.looksOf(file));
  return hash.digest("hex");
}

/** @param {string} root @param {string} file */
function nameOf(root, file) {
  // `relative` takes most of the time of a check.
  const name = file.startsWith(root + sep) ? file.slice(root.length + 1) : relative(root, file);
  return sep === "/" ? name : name.replaceAll(sep, "/");
}

/**
 * Returns a package and its packages of the workspace, each once.
 *
 * @param {Tree} tree
 * @param {string} folder
 * @param {boolean} onlyDependencies
 * @param {Set<string>} [found]
 */
function packagesIn(tree, folder, onlyDependencies, found = new Set()) {
  if (found.has(folder)) return [...found];
  found.add(folder);
  const { dependencies, devDependencies } = tree.packagesOf(folder);
  // A published front lists its bundled packages as development dependencies.
  for (const used of onlyDependencies ? dependencies : [...dependencies, ...devDependencies])
    packagesIn(tree, used, onlyDependencies, found);
  return [...found];
}

const notSources = new Set(["node_modules", "dist", "test", ".cache", "testing"]);

/**
 * @param {string} folder
 * @returns {string[]}
 */
function sourcesOf(folder) {
  // The stamp stands for the generated code, which is large.
  if (existsSync(join(folder, ".stamp"))) return [join(folder, ".stamp")];
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !notSources.has(name) && !/\.(test|io|nightly|fixture)\.tsx?$|\.md$/.test(name))
    .flatMap((entry) =>
      entry.isDirectory() ? sourcesOf(join(folder, entry.name)) : [join(folder, entry.name)],
    )
    .sort();
}

/**
 * Returns a file, or the files of a folder.
 *
 * @param {string} path
 * @returns {string[]}
 */
function everyFileIn(path) {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return existsSync(path) ? [path] : [];
  return readdirSync(path, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory() ? everyFileIn(join(path, entry.name)) : [join(path, entry.name)],
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
 * Returns the first line with an error, without colours.
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
  const reporting = lines.filter((line) => !/^(✗ )?(build failed|error during build)/i.test(line));
  return (
    reporting.find((line) => /error|cannot|could not|failed/i.test(line)) ??
    reporting[0] ??
    `exit code ${code}`
  );
}
