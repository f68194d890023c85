// @ts-check

// Creates a new package that passes every check:
//
//   npm run make -- service NAME                 a service with its folders and its contract, part of the platform
//   npm run make -- library NAME [--below LIB]   a library that imports the libraries up to LIB. Default: all
//   npm run make -- machine NAME [--area AREA]   a kind of machine with messages in the contracts of AREA. Default: its own area

import { existsSync } from "node:fs";
import { join } from "node:path";
import { libraries } from "./checks/house.mjs";
import { say } from "./launch.mjs";
import { addLibrary } from "./make/library.mjs";
import { addMachine } from "./make/machine.mjs";
import { addService } from "./make/service.mjs";
import { workspaceRoot } from "./setup.mjs";

const usage =
  "expected `npm run make -- service NAME`, `npm run make -- library NAME [--below LIBRARY]` or `npm run make -- machine NAME [--area AREA]`";
const nameForm = /^[a-z][a-z0-9]{0,29}$/;

/** A request that cannot be fulfilled, with a message for the user. */
class Refused extends Error {}

/** @type {Record<string, (name: string, option?: string, value?: string) => Promise<void>>} */
const makers = {
  async service(name, option) {
    if (option !== undefined) throw new Refused(usage);
    refuseTaken(`apps/${name}`, `libs/${name}`);
    await addService(workspaceRoot, name);
  },

  async library(name, option, below) {
    if (option !== undefined && (option !== "--below" || below === undefined)) throw new Refused(usage);
    refuseTaken(`apps/${name}`, `libs/${name}`);
    if (below !== undefined && libraries.includes(name))
      throw new Refused(`${name} is already in the order of libraries: remove --below`);
    if (below !== undefined && !libraries.includes(below))
      throw new Refused(`unknown library ${below}: expected one of ${libraries.join(", ")}`);
    await addLibrary(workspaceRoot, name, below);
  },

  async machine(name, option, area) {
    if (option !== undefined && (option !== "--area" || area === undefined)) throw new Refused(usage);
    refuseTaken(`libs/machines/${name}`);
    if (area !== undefined && !nameForm.test(area))
      throw new Refused(
        `The name of an area is one word of a-z and 0-9, at most 30 characters. Found ${area}`,
      );
    await addMachine(workspaceRoot, name, area);
  },
};

/** @param {string[]} args */
async function main([kind = "", name, option, value, ...others]) {
  const maker = Object.hasOwn(makers, kind) ? makers[kind] : undefined;
  if (maker === undefined || name === undefined || others.length > 0) throw new Refused(usage);
  if (!nameForm.test(name))
    throw new Refused(
      `The name of a package is one word of a-z and 0-9, at most 30 characters. Found ${name}`,
    );
  await maker(name, option, value);
}

/** @param {string[]} places */
function refuseTaken(...places) {
  for (const place of places) {
    if (existsSync(join(workspaceRoot, place)))
      throw new Refused(`${place} already exists: choose another name`);
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  say(error.message);
  process.exitCode = 1;
}
