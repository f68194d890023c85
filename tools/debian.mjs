// @ts-check

// Downloads Debian packages with apt's tools into our own folders. Lists and source are private, so that the system's
// configuration is neither used nor changed. apt checks signatures as usual.

import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { withLock } from "./lock.mjs";

const run = promisify(execFile);

const archive = "http://deb.debian.org/debian";
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
export const aptTimeoutMs = 180_000;

export function cacheFolder() {
  return process.env["TUTTI_CACHE"] ?? join(homedir(), ".cache", "tutti", "programs");
}

/** Throws if this system cannot download packages, with the missing programs. */
export function expectApt() {
  const paths = (process.env["PATH"] ?? "").split(delimiter).filter(Boolean);
  if (process.platform !== "linux" || paths.every((folder) => !existsSync(join(folder, "apt-get"))))
    throw new Error("apt not found on this system");
  if (!existsSync(keyring))
    throw new Error(`Debian's keys not found at ${keyring}. Install debian-archive-keyring`);
}

/**
 * @typedef {{ name: string, version: string, architecture: string }} Package
 */

/**
 * Unpacks the named packages without their dependencies into one folder of the cache. An existing folder is used
 * unchanged.
 *
 * @param {string} release
 * @param {readonly string[]} names
 * @returns {Promise<{ root: string, packages: Package[] }>}
 */
export async function unpackedPackages(release, names) {
  expectApt();
  const folder = cacheFolder();
  const made = join(folder, `${release}-root-${[...names].sort().join("-")}`);
  await withLock(join(folder, "apt.lock"), async () => {
    if (existsSync(made)) return;
    const part = await mkdtemp(join(folder, "part-"));
    try {
      const options = await privateApt(folder, release);
      await apt([...options, "update"], part);
      await apt([...options, "download", ...names], part);
      /** @type {Package[]} */
      const packages = [];
      for (const deb of (await readdir(part)).filter((file) => file.endsWith(".deb")).sort()) {
        await run("dpkg-deb", ["-x", join(part, deb), join(part, "root")], { timeout: aptTimeoutMs });
        const { stdout } = await run("dpkg-deb", [
          "-W",
          "--showformat=${Package} ${Version} ${Architecture}",
          join(part, deb),
        ]);
        const [name = "", version = "", architecture = ""] = stdout.split(" ");
        packages.push({ name, version, architecture });
        await rm(join(part, deb));
      }
      await writeFile(join(part, "packages.json"), `${JSON.stringify(packages)}\n`);
      await rename(part, made);
    } finally {
      await rm(part, { recursive: true, force: true });
    }
  });
  const packages = JSON.parse(readFileSync(join(made, "packages.json"), "utf8"));
  return { root: join(made, "root"), packages };
}

/**
 * @param {string} folder
 * @param {string} release
 */
export async function privateApt(folder, release) {
  if (release === "unknown") throw new Error("this system is not Debian");
  const state = join(folder, "apt");
  const lists = join(state, `lists-${release}`);
  await mkdir(join(lists, "partial"), { recursive: true });
  await mkdir(join(state, "archives", "partial"), { recursive: true });
  const source = join(state, "sources.list");
  await writeFile(source, `deb [signed-by=${keyring}] ${archive} ${release} main\n`);
  const settings = {
    "Dir::Etc::sourcelist": source,
    "Dir::Etc::sourceparts": "-",
    "Dir::State::lists": lists,
    "Dir::Cache": state,
    "Acquire::Languages": "none",
    "Acquire::Retries": "2",
    "Acquire::http::Timeout": "20",
    // Without this, a list that cannot be fetched is only a warning, and an old list counts as current.
    "APT::Update::Error-Mode": "any",
  };
  return ["-q", ...Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`])];
}

/**
 * @param {string[]} args
 * @param {string} cwd
 */
export async function apt(args, cwd) {
  return run("apt-get", args, {
    cwd,
    timeout: aptTimeoutMs,
    env: { ...process.env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
  });
}

/** @param {unknown} error */
export function reasonOf(error) {
  const { stderr, message } = /** @type {{ stderr?: string, message: string }} */ (error);
  const line = stderr?.split("\n").find((text) => text.startsWith("E: "));
  return line ? `apt-get: ${line.slice(3).trim()}` : (message.split("\n")[0] ?? message);
}
