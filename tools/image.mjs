#!/usr/bin/env node
// @ts-check

// Builds images of Tutti's services, and of a NATS server for machines without a registry.
//
//   npm run image -- [tutti|nats …] [--tag TAG] [--layout]
//
//   --tag TAG   the part after the colon. Default: the version of the software
//   --layout    writes the content of an image to .cache/images, and builds nothing
//
// The builder is the first of buildah, podman and docker on the path. Each image has its bill of materials at
// /sbom.cdx.json. The same file is next to its layout.

import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { natsRoot, tuttiRoot } from "./images/root.mjs";
import { billOf } from "./images/sbom.mjs";
import { environmentFor, nodeFor, setUp, workspaceRoot } from "./setup.mjs";

const { version } = JSON.parse(readFileSync(join(workspaceRoot, "package.json"), "utf8"));
const roots = { tutti: tuttiRoot, nats: natsRoot };

/** @typedef {keyof typeof roots} ImageName */

/**
 * Writes the content of an image.
 *
 * @param {ImageName} name
 * @returns {Promise<string>} the folder to build in
 */
export async function layOut(name) {
  // The dashboard and the documentation are in the image too.
  await setUp((line) => console.error(line), workspaceRoot, ["page", "site", "command"]);
  const folder = join(workspaceRoot, ".cache", "images", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const root = join(folder, "root");
  const parts = await roots[name](root);
  const bill = `${JSON.stringify(billOf({ name: nameOf(name), version }, parts), null, 2)}\n`;
  writeFileSync(join(folder, "sbom.cdx.json"), bill);
  writeFileSync(join(root, "sbom.cdx.json"), bill);
  cpSync(join(workspaceRoot, "deploy", "images", name, "Containerfile"), join(folder, "Containerfile"));
  return folder;
}

/** @param {ImageName} name */
export function nameOf(name) {
  return name === "tutti" ? "tutti" : `tutti-${name}`;
}

/**
 * Returns the arguments with which a program builds an image.
 *
 * @param {string} program
 * @param {string} image
 * @returns {string[]}
 */
function buildWords(program, image) {
  const file = ["--file", "Containerfile", "--tag", image];
  // No program runs during the build, so it needs no privileges. The same content gives the same image.
  if (program === "buildah") return ["build", "--isolation", "chroot", "--timestamp", "0", ...file, "."];
  if (program === "podman") return ["build", "--timestamp", "0", ...file, "."];
  return ["build", ...file, "."];
}

function builder() {
  const found = ["buildah", "podman", "docker"].find(
    (program) => spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0,
  );
  if (found === undefined)
    throw new Error("buildah, podman or docker not found on the path. Install one, or pass --layout");
  return found;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { tag: { type: "string", default: version }, layout: { type: "boolean", default: false } },
  });
  const names = positionals.length > 0 ? positionals : ["tutti"];
  const unknown = names.filter((name) => !(name in roots));
  if (unknown.length > 0)
    throw new Error(`expected ${Object.keys(roots).join(" or ")}, got ${unknown.join(", ")}`);
  const node = nodeFor(workspaceRoot);
  for (const name of /** @type {ImageName[]} */ (names)) {
    const folder = await layOut(name);
    const image = `localhost/${nameOf(name)}:${values.tag}`;
    if (values.layout) {
      console.log(folder);
      continue;
    }
    const program = builder();
    execFileSync(program, buildWords(program, image), {
      cwd: folder,
      stdio: ["ignore", "ignore", "inherit"],
      env: environmentFor(workspaceRoot, node),
    });
    console.log(image);
  }
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
