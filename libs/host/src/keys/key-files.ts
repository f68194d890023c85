/** Files with keys of an installation: only their user can read them, and each is complete or absent. */
import { readFileSync } from "node:fs";
import { chmod, link, mkdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { type IdSource, privateModes, reasonOf, systemCodeOf } from "@tutti/kernel";
import { hostErrors } from "../errors.ts";
import { listedFile, registerFile, sha256Of } from "../storage/file-list.ts";

export async function createKeysDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: privateModes.folder });
}

export async function readOrCreate<Content>(
  file: string,
  ids: IdSource,
  create: () => Content | Promise<Content>,
): Promise<Content> {
  const found = contentOf<Content>(file);
  if (found !== undefined) {
    list(file);
    return found;
  }
  // Unique for this call: this process too may need two at the same moment.
  const temporaryFile = `${file}.${ids.newId("made")}.new`;
  try {
    await writeFile(temporaryFile, `${JSON.stringify(await create())}\n`, {
      mode: privateModes.file,
      flush: true,
    });
    await chmod(temporaryFile, privateModes.file);
    // Atomic, and never replaces a file that another process created meanwhile.
    await link(temporaryFile, file);
  } catch (error) {
    if (systemCodeOf(error) !== "EEXIST") throw error;
  } finally {
    await rm(temporaryFile, { force: true });
  }
  list(file);
  return contentOf<Content>(file) ?? unreadable(file, "it went away while it was made");
}

/** From now on the file must exist unchanged. */
function list(file: string): void {
  registerFile(dirname(file), basename(file), readFileSync(file));
}

/** Undefined if it was never created. */
export function contentOf<Content>(file: string): Content | undefined {
  const listed = listedFile(dirname(file), basename(file));
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw error;
    if (listed !== undefined) throw hostErrors.keyMissing({ file });
    return;
  }
  if (listed !== undefined && listed.sha256 !== sha256Of(content))
    unreadable(file, "it is not as it was written");
  return readable(file, () => JSON.parse(content.toString("utf8")) as Content);
}

export function readable<Found>(file: string, read: () => Found): Found {
  try {
    return read();
  } catch (error) {
    return unreadable(file, reasonOf(error));
  }
}

function unreadable(file: string, problem: string): never {
  throw hostErrors.keyUnreadable({ file, problem });
}
