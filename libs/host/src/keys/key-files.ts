/** Files that hold keys of an installation: only their user reads them, and each is there whole or not at all. */
import { readFileSync } from "node:fs";
import { chmod, link, mkdir, rm, writeFile } from "node:fs/promises";
import type { IdSource } from "@tutti/kernel";
import { hostErrors } from "../errors.ts";

export async function makeKeysDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
}

export async function readOrMake<Content>(
  file: string,
  ids: IdSource,
  make: () => Content | Promise<Content>,
): Promise<Content> {
  const found = contentOf<Content>(file);
  if (found !== undefined) return found;
  // Of this call alone: this process too may need them twice at the same moment.
  const made = `${file}.${ids.newId("made")}.new`;
  try {
    await writeFile(made, `${JSON.stringify(await make())}\n`, { mode: 0o600, flush: true });
    await chmod(made, 0o600);
    // Whole or not at all, and never over one that another process made meanwhile.
    await link(made, file);
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
  } finally {
    await rm(made, { force: true });
  }
  return contentOf<Content>(file) ?? unreadable(file, "it went away while it was made");
}

export function contentOf<Content>(file: string): Content | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT")) return;
    throw error;
  }
  return readable(file, () => JSON.parse(text) as Content);
}

export function readable<Found>(file: string, read: () => Found): Found {
  try {
    return read();
  } catch (error) {
    return unreadable(file, error instanceof Error ? error.message : String(error));
  }
}

function unreadable(file: string, problem: string): never {
  throw hostErrors.keyUnreadable({ file, problem });
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
