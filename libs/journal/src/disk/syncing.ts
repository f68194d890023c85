import { open } from "node:fs/promises";
import { ifPresent, thisSystem } from "@tutti/kernel";

/** Resolves when the written bytes of a file are on the disk. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Resolves when the names in a folder are on the disk. Does nothing if there is no such folder. */
export async function syncFolder(path: string): Promise<void> {
  if (!thisSystem.syncsFolders) return;
  const folder = await ifPresent(open(path, "r"));
  if (folder === undefined) return;
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
