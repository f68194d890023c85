// @ts-check

// Creates a kind of machine: its messages, a package that passes the machine contract, and a first golden history.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { machineFiles, machineMessages } from "./machine-files.mjs";
import {
  changeFile,
  compilerOptions,
  enterPackage,
  finish,
  format,
  json,
  manifest,
  step,
  writeFiles,
} from "./workspace.mjs";

/**
 * @param {string} root
 * @param {string} name the kind
 * @param {string} [area] area of the contracts with its messages, and name of the service that hosts it. Default: the
 *                        kind
 */
export async function addMachine(root, name, area = name) {
  const folder = `libs/machines/${name}`;
  const made = machineManifest(name);
  const files = {
    [`${folder}/package.json`]: json(made),
    [`${folder}/tsconfig.json`]: compilerOptions("../../.."),
    ...machineFiles(name, area, folder),
  };
  writeFiles(root, files);
  addMessages(root, name, area);
  enterPackage(root, folder, made);
  await finish(root, Object.keys(files));
  // Every later release reads the history of the first one.
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  await step(root, `${folder}/test/programs/golden.ts`, version);
  await format(root, [`${folder}/golden`]);
}

/** @param {string} name */
function machineManifest(name) {
  const made = manifest(`machine-${name}`, `The machine ${name}`, ["contracts", "kernel"]);
  return {
    ...made,
    scripts: {
      ...made.scripts,
      test: "node ../../../tools/unit.mjs",
      golden: "node test/programs/golden.ts",
    },
  };
}

/**
 * Adds the messages. All machines of an area share one file of messages.
 *
 * @param {string} root
 * @param {string} name
 * @param {string} area
 */
function addMessages(root, name, area) {
  const file = `proto/tutti/${area}/v1/machine.proto`;
  const { head, messages } = machineMessages(name, area);
  if (existsSync(join(root, file))) changeFile(root, file, (text) => `${text.trimEnd()}\n\n${messages}`);
  else writeFiles(root, { [file]: `${head}\n${messages}` });
}
