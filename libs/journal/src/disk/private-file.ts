import { closeSync, openSync } from "node:fs";
import { privateModes } from "@tutti/kernel";

/**
 * Makes a file that only this user reads, before SQLite opens it: SQLite itself makes files that all users can read,
 * and gives what it puts beside them the mode of the file.
 */
export function makePrivateFile(path: string): void {
  closeSync(openSync(path, "a", privateModes.file));
}
