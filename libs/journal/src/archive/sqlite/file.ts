import { join } from "node:path";

/** Returns the database of the archive in a directory. */
export function fileOf(directory: string): string {
  return join(directory, "archive.db");
}
