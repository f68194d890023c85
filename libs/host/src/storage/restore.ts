/**
 * Creates a data directory from a copy alone.
 *
 * 1. It is checked before anything is written whether the copy can be restored: the passphrase opens the keys, or the
 *    named keys exist.
 * 2. The file that marks a data directory is written last, so an unfinished restore does not count as one.
 */
import { existsSync } from "node:fs";
import { cp, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "@tutti/journal";
import { ifPresent, privateModes } from "@tutti/kernel";
import { hostErrors } from "../errors.ts";
import { readAbout, writeAbout } from "./about.ts";
import { missingKeys, namedFile, namedKeysIn, openSealed, placeKeys, sealedFile } from "./copied-keys.ts";
import { layoutOf } from "./layout.ts";
import { makePrivate } from "./private-tree.ts";

export interface RestoreRequest {
  readonly copy: string;
  readonly directory: string;
  readonly keysDirectory: string;
  /** Undefined if none was given. */
  readonly passphrase: string | undefined;
}

const notCopied: readonly string[] = ["data.json", "lock", "lock.json", "door.json", sealedFile, namedFile];

/** Checks, and returns the function that writes. Throws before anything is written. */
export async function prepareRestore({
  copy,
  directory,
  keysDirectory,
  passphrase,
}: RestoreRequest): Promise<() => Promise<void>> {
  const about = readAbout(layoutOf(copy));
  if (about === undefined) throw hostErrors.nothingToCopy({ directory: copy });
  await refuseUsed(directory);
  const keys = keysOf(copy, keysDirectory, passphrase);
  return async () => {
    await mkdir(directory, { recursive: true, mode: privateModes.folder });
    for (const name of await readdir(copy))
      if (!notCopied.includes(name))
        await cp(join(copy, name), join(directory, name), { recursive: true, preserveTimestamps: true });
    if (keys !== undefined) placeKeys(keys, keysDirectory);
    await makePrivate(directory);
    writeAbout(layoutOf(directory), about);
    await syncFolder(directory);
  };
}

/** Undefined if the keys are in place already, or there are none. */
function keysOf(
  copy: string,
  keysDirectory: string,
  passphrase: string | undefined,
): ReadonlyMap<string, Buffer> | undefined {
  if (existsSync(join(copy, sealedFile))) {
    const found = passphrase === undefined ? undefined : openSealed(copy, passphrase);
    if (found !== undefined) return found;
    const obstacle =
      passphrase === undefined
        ? "its keys need a passphrase (--passphrase-file)"
        : "the passphrase does not open its keys";
    throw hostErrors.restoreRefused({ found: obstacle });
  }
  const named = namedKeysIn(copy);
  const missing = named === undefined ? [] : missingKeys(named, keysDirectory);
  if (missing.length === 0) return;
  throw hostErrors.restoreRefused({ found: `${missing.join(", ")} missing in ${keysDirectory}` });
}

async function refuseUsed(directory: string): Promise<void> {
  const names = (await ifPresent(readdir(directory))) ?? [];
  if (names.length > 0) throw hostErrors.restoreIntoUsed({ directory });
}
