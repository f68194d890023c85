// Writes changed generated files, and removes files that are no longer generated.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

/** Makes the folder contain exactly these files. Returns the number of changes. */
export function writeFiles(folder, files) {
  let changed = 0;
  for (const [path, content] of files) {
    const file = join(folder, path);
    if (readIfThere(file) === content) continue;
    mkdirSync(dirname(file), { recursive: true });
    // Readers may be active, so a file is replaced atomically.
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
