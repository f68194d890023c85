// @ts-check

// All places with the version, and their text with another version.

import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Files with the version, in addition to manifests and the lock file. Each has it at least once. */
const texts = [
  "sdk/python/pyproject.toml",
  "sdk/python/src/tutti/_version.py",
  "libs/sdk/src/worker/agent.ts",
  "tools/make/workspace.mjs",
  "deploy/compose/compose.yaml",
  "deploy/kubernetes/base/kustomization.yaml",
  "deploy/kubernetes/overlays/production/kustomization.yaml",
  "docs/guides/deploying.md",
  "docs/guides/install.md",
];

/** @typedef {{ version: string, workspaces: string[] }} RootManifest */
/** @typedef {{ version?: string, [key: string]: unknown }} LockedPackage */

/**
 * Returns the new text of each file by path.
 *
 * @param {string} root
 * @param {string} version
 * @returns {Map<string, string>}
 */
export function withVersion(root, version) {
  const read = (/** @type {string} */ file) => readFileSync(join(root, file), "utf8");
  /** @type {RootManifest} */
  const manifest = JSON.parse(read("package.json"));
  const { version: before } = manifest;
  const workspaces = manifest.workspaces
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .filter((folder) => existsSync(join(root, folder, "package.json")));
  /** @type {Map<string, string>} */
  const edits = new Map();
  for (const folder of ["", ...workspaces]) {
    const file = join(folder, "package.json");
    edits.set(file, replacedOnce(read(file), file, `"version": "${before}"`, `"version": "${version}"`));
  }
  for (const file of globSync("examples/testing/*/package.json", { cwd: root }))
    edits.set(
      file,
      replacedOnce(read(file), file, `"@tutti/sdk": "${before}"`, `"@tutti/sdk": "${version}"`),
    );
  edits.set("package-lock.json", lockWith(read("package-lock.json"), ["", ...workspaces], version));
  for (const file of texts) edits.set(file, replacedAll(read(file), file, before, version));
  return edits;
}

/** @param {string} text @param {string} file @param {string} from @param {string} to */
function replacedOnce(text, file, from, to) {
  const [before, after, ...more] = text.split(from);
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`${file}: expected ${from} exactly once`);
  return before + to + after;
}

/** @param {string} text @param {string} file @param {string} from @param {string} to */
function replacedAll(text, file, from, to) {
  const pattern = new RegExp(`(?<![\\d.])${from.replaceAll(".", "\\.")}(?![\\d]|\\.\\d)`, "g");
  if (!pattern.test(text)) throw new Error(`${file}: expected the version ${from}, got none`);
  return text.replaceAll(pattern, () => to);
}

/** @param {string} text @param {readonly string[]} workspaces @param {string} version */
function lockWith(text, workspaces, version) {
  /** @type {{ version: string, packages: Record<string, LockedPackage> }} */
  const lock = JSON.parse(text);
  lock.version = version;
  for (const folder of workspaces) {
    const locked = lock.packages[folder];
    if (locked?.version !== undefined) locked.version = version;
  }
  return `${JSON.stringify(lock, null, 2)}\n`;
}

/**
 * @param {string} from
 * @param {string} expected a version, or the part to increase
 */
export function nextVersion(from, expected) {
  const [major = 0, minor = 0, patch = 0] = from.split(".").map(Number);
  if (expected === "major") return `${major + 1}.0.0`;
  if (expected === "minor") return `${major}.${minor + 1}.0`;
  if (expected === "patch") return `${major}.${minor}.${patch + 1}`;
  if (!/^\d+\.\d+\.\d+$/.test(expected))
    throw new Error(`expected major, minor, patch or a version such as 1.2.3, got \`${expected}\``);
  const [one = [], other = []] = [expected, from].map((text) => text.split(".").map(Number));
  const place = one.findIndex((number, index) => number !== other[index]);
  if (place < 0 || (one[place] ?? 0) < (other[place] ?? 0))
    throw new Error(`expected a version above ${from}, got ${expected}`);
  return expected;
}
