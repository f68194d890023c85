import { DatabaseSync } from "node:sqlite";

/** The writer locks the file for moments, such as when it closes. A reader waits for that and does not fail. */
const lockedMsMax = 5_000;

export function openToRead(file: string): DatabaseSync {
  return new DatabaseSync(file, { readOnly: true, timeout: lockedMsMax });
}
