// Writes generated files: only those that changed, and removes those that are no longer made.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

/** Makes the folder hold exactly these files. Gives how many had to change. */
export function writeFiles(folder, files) {
  let changed = 0;
  for (const [path, content] of files) {
    const file = join(folder, path);
    if (readIfThere(file) === content) continue;
    mkdirSync(dirname(file), { recursive: true });
    // A reader may be active: a file is there as a whole or not at all.
    writeFileSync(`${file}.${process.pid}`, content);
    renameSync(`${file}.${process.pid}`, file);
    changed++;
  }
  for (const file of filesIn(folder)) {
    if (files.has(relative(folder, file).split(sep).join("/"))) continue;
    rmSync(file);
    changed++;
  }
  return changed;
}

function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
