#!/usr/bin/env node
// The command `tutti`: runs its bundle in this process. In a clone without a bundle, it builds the bundle first.
// Written in the syntax of Node 12, so that an older Node prints the cause instead of a syntax error.

import { existsSync } from "node:fs";

const oldest = 18;
const bundle = new URL("../dist/main.mjs", import.meta.url);
const setup = new URL("../../../tools/setup.mjs", import.meta.url);

async function build() {
  const { setUp, workspaceRoot } = await import(setup.href);
  await setUp((line) => process.stderr.write(`tutti: ${line}\n`), workspaceRoot, ["page", "command"]);
}

async function main() {
  if (Number(process.versions.node.split(".")[0]) < oldest)
    throw new Error(
      `this is Node ${process.versions.node}; expected Node ${oldest} or newer. Install one from https://nodejs.org`,
    );
  if (!existsSync(bundle) && existsSync(setup)) await build();
  if (!existsSync(bundle)) throw new Error("its bundle is not there: this package is not complete");
  await import(bundle.href);
}

main().catch((error) => {
  process.stderr.write(`tutti: ${error.message}\n`);
  process.exitCode = 70;
});
