// @ts-check

// Lists the bundled packages with their licences, because most licences require their text.

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npmPackagesOf } from "../images/sbom.mjs";
import { workspaceRoot } from "../setup.mjs";

/** @param {readonly string[]} files in the bundle @param {string} out */
export function writeThirdParty(files, out) {
  /** The first package of each licence text. @type {Map<string, string>} */
  const seen = new Map();
  const parts = npmPackagesOf(files, workspaceRoot).map(({ name, version, license = "see below" }) => {
    const folder = folderOf(name, files);
    const text = readdirSync(folder)
      .filter((file) => /^(licen[cs]es?|notice|copying)/i.test(file))
      .flatMap((file) => filesAt(join(folder, file)))
      .map((file) => readFileSync(file, "utf8").trim());
    const once = text.map((each) => {
      const key = each.replaceAll(/\s+/g, " ");
      const first = seen.get(key);
      if (first !== undefined) return `The text is that of ${first} above.`;
      seen.set(key, name);
      return each;
    });
    return [`${name} ${version} (${license})`, ...once].join("\n\n");
  });
  const rule = `\n\n${"-".repeat(80)}\n\n`;
  writeFileSync(out, `This package contains parts of:${rule}${parts.join(rule)}\n`);
}

/** Returns a file, or the files of a folder of licences. @param {string} path @returns {string[]} */
function filesAt(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((file) => filesAt(join(path, file)));
}

/** @param {string} name @param {readonly string[]} files */
function folderOf(name, files) {
  const inside = `/node_modules/${name}/`;
  const file = files.find((each) => each.includes(inside)) ?? "";
  const folder = file.slice(0, file.lastIndexOf(inside) + inside.length);
  if (!existsSync(folder)) throw new Error(`${name}: folder not found`);
  return folder;
}
