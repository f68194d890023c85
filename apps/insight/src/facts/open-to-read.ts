import { DatabaseSync } from "node:sqlite";

/** The writer locks the file for moments, for example when it closes. A reader waits that long. */
const lockedMsMax = 5_000;

export function openToRead(file: string): DatabaseSync {
  return new DatabaseSync(file, { readOnly: true, timeout: lockedMsMax });
}
