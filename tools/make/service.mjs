// @ts-check

// Creates a service: its contract with one rpc, its folders, a test through the mesh, and its place in the platform.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { say } from "../launch.mjs";
import { contract, emptyRooms, rooms } from "./service-files.mjs";
import {
  addDependency,
  changeFile,
  compilerOptions,
  enterPackage,
  finish,
  json,
  manifest,
  writeFiles,
} from "./workspace.mjs";

/**
 * @param {string} root
 * @param {string} name
 */
export async function addService(root, name) {
  const folder = `apps/${name}`;
  const hasContract = existsSync(join(root, "proto", "tutti", name));
  const made = hasContract
    ? manifest(name, `The service ${name}`, ["host", "kernel"], {}, build)
    : manifest(
        name,
        `The service ${name}`,
        ["contracts", "host", "kernel", "mesh"],
        { zod: zodVersion(root) },
        build,
      );
  const files = {
    [`${folder}/package.json`]: json(made),
    [`${folder}/tsconfig.json`]: compilerOptions(),
    ...(hasContract ? emptyRooms(name, folder) : rooms(name, folder)),
  };
  writeFiles(root, hasContract ? files : { ...files, ...contract(name) });
  changeFile(root, "apps/platform/src/service.ts", (text) => compose(text, name));
  addDependency(root, "apps/platform", `@tutti/${name}`);
  enterPackage(root, folder, made);
  await finish(root, [...Object.keys(files), "apps/platform/src/service.ts", "apps/platform/package.json"]);
  if (hasContract)
    say(
      `proto/tutti/${name} already exists: serve it in ${folder}/src/service.ts, with its handlers in src/api/`,
    );
}

const build = { build: "node ../../tools/build.mjs" };

/** @param {string} root */
function zodVersion(root) {
  return JSON.parse(readFileSync(join(root, "libs", "kernel", "package.json"), "utf8")).dependencies.zod;
}

/**
 * Returns the platform with the additional service, after the others and before the services of users.
 *
 * @param {string} text
 * @param {string} name
 */
function compose(text, name) {
  const withService = text.replace(
    /(: readonly ServiceModule\[\] = \[[^\]]*?),?(\s*extensions,[^\]]*\])/,
    `$1, ${name},$2`,
  );
  return withService === text
    ? text
    : withService.replace(/^import /m, `import { ${name} } from "@tutti/${name}";\nimport `);
}
