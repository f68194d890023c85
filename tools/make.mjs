// @ts-check

// Makes a new package that passes every check as it is:
//
//   npm run make -- service NAME                 a service with its rooms and its contract, part of the platform
//   npm run make -- library NAME [--below LIB]   a library; it may import those up to LIB, and all if none is named

import { existsSync } from "node:fs";
import { join } from "node:path";
import { libraries } from "./checks/house.mjs";
import { say } from "./launch.mjs";
import { addLibrary } from "./make/library.mjs";
import { addService } from "./make/service.mjs";
import { workspaceRoot } from "./setup.mjs";

const usage = "expected `npm run make -- service NAME` or `npm run make -- library NAME [--below LIBRARY]`";

/** A wish that cannot be fulfilled, in words for the person who has it. */
class Refused extends Error {}

/** @param {string[]} args */
async function main([kind, name, option, below, ...others]) {
  if ((kind !== "service" && kind !== "library") || name === undefined || others.length > 0)
    throw new Refused(usage);
  if (!/^[a-z][a-z0-9]{0,29}$/.test(name))
    throw new Refused(`a package's name is one word of a-z and 0-9, at most 30 characters; found ${name}`);
  for (const place of [join("apps", name), join("libs", name)]) {
    if (existsSync(join(workspaceRoot, place)))
      throw new Refused(`${place} is there already: choose another name`);
  }
  if (kind === "library") {
    if (option !== undefined && (option !== "--below" || below === undefined)) throw new Refused(usage);
    if (below !== undefined && libraries.includes(name))
      throw new Refused(`${name} has its place in the order of libraries already: leave --below out`);
    if (below !== undefined && !libraries.includes(below))
      throw new Refused(`no library is named ${below}: expected one of ${libraries.join(", ")}`);
    await addLibrary(workspaceRoot, name, below);
  } else {
    if (option !== undefined) throw new Refused(usage);
    await addService(workspaceRoot, name);
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  say(error.message);
  process.exitCode = 1;
}
