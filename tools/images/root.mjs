// @ts-check

// The content of an image: a folder that becomes its root. It has no shell, no package manager and a single
// unprivileged user.

import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { bundleServices } from "../bundle.mjs";
import { unpackedPackages } from "../debian.mjs";
import { nodeFor, workspaceRoot } from "../setup.mjs";
import { npmPackagesOf } from "./sbom.mjs";

/** @typedef {import("./sbom.mjs").Part} Part */

const release = "trixie";
/** Libraries that Node is linked with, and its allocator. */
const libraries = ["libc6", "libgcc-s1", "libstdc++6", "libjemalloc2"];
/** Files that are unused with the locale C and Unicode text. */
const leftOut = [
  "usr/share/doc-base",
  "usr/share/lintian",
  "usr/share/locale",
  "usr/share/man",
  "usr/share/gcc",
];
const leftOutOfLibraries = ["gconv", "audit"];

/** The services, in the order in which a cluster starts them. */
export const services = ["registry", "governance", "workflow", "swarm", "master", "insight", "gateway"];

/**
 * Writes Node with the bundles of all services, and the dashboard.
 *
 * @param {string} root
 * @returns {Promise<Part[]>} its parts
 */
export async function tuttiRoot(root) {
  const debian = await base(root, libraries);
  const node = nodeFor(workspaceRoot);
  cpSync(node, join(root, "usr", "bin", "node"));
  const home = join(root, "tutti");
  const files = await bundleServices(services, home);
  const page = join(workspaceRoot, "apps", "dashboard", "dist");
  if (!existsSync(join(page, "index.html")))
    throw new Error(
      "The dashboard is missing in apps/dashboard/dist. See the build output of `npm run image`",
    );
  cpSync(page, join(home, "apps", "dashboard", "dist"), { recursive: true });
  const site = join(workspaceRoot, "apps", "site", "dist");
  if (!existsSync(join(site, "search.json")))
    throw new Error("The documentation is missing in apps/site/dist. Run `npm run site`");
  cpSync(site, join(home, "apps", "site", "dist"), { recursive: true });
  const npm = npmPackagesOf(files, workspaceRoot);
  return [
    ...debian,
    { kind: "generic", name: "nodejs", version: process.versions.node, license: "MIT" },
    ...npm,
  ];
}

/**
 * Returns the environment variables of the image, for processes outside of one. Preloaded libraries are downloaded.
 *
 * @returns {Promise<Record<string, string>>}
 */
export async function tuttiEnvironment() {
  const text = readFileSync(join(workspaceRoot, "deploy", "images", "tutti", "Containerfile"), "utf8");
  const environment = Object.fromEntries(
    [...text.matchAll(/^ENV (\w+)=(\S+)$/gm)].map(([, name = "", value = ""]) => [name, value]),
  );
  const { LD_PRELOAD: library = "" } = environment;
  const { root } = await unpackedPackages(release, libraries);
  const [found] = library === "" ? [] : globSync(`usr/lib/*/${library}`, { cwd: root });
  if (found === undefined)
    throw new Error(
      `expected the library that the image loads first, ${library}, in ${libraries.join(", ")}`,
    );
  return { ...environment, LD_PRELOAD: join(root, found) };
}

/**
 * Writes a NATS server.
 *
 * @param {string} root
 * @returns {Promise<Part[]>}
 */
export function natsRoot(root) {
  return base(root, ["libc6", "nats-server"]);
}

/**
 * @param {string} root
 * @param {readonly string[]} names
 * @returns {Promise<Part[]>}
 */
async function base(root, names) {
  const { root: unpacked, packages } = await unpackedPackages(release, names);
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  cpSync(unpacked, root, { recursive: true, verbatimSymlinks: true });
  for (const path of leftOut) rmSync(join(root, path), { recursive: true, force: true });
  for (const folder of existsSync(join(root, "usr/lib")) ? readdirSync(join(root, "usr/lib")) : [])
    for (const name of leftOutOfLibraries)
      rmSync(join(root, "usr/lib", folder, name), { recursive: true, force: true });
  // Debian's layout: packages have `usr/lib`, and the installation of a system creates these links.
  for (const name of ["lib", "lib64"])
    if (!existsSync(join(root, name))) symlinkSync(join("usr", name), join(root, name));
  for (const folder of ["etc", "tmp", "usr/bin", "var/lib/tutti"])
    mkdirSync(join(root, folder), { recursive: true });
  // An in-memory file system that a container mounts there gets these rights, and belongs to root.
  for (const folder of ["tmp", "var/lib/tutti"]) chmodSync(join(root, folder), 0o1777);
  writeFileSync(join(root, "etc/passwd"), "tutti:x:65532:65532::/var/lib/tutti:/nonexistent\n");
  writeFileSync(join(root, "etc/group"), "tutti:x:65532:\n");
  writeFileSync(join(root, "etc/nsswitch.conf"), "hosts: files dns\n");
  return packages.map(({ name, version, architecture }) => ({
    kind: "deb",
    name,
    version,
    architecture,
    release,
  }));
}
