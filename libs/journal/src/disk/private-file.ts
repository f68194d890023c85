import { closeSync, openSync } from "node:fs";
import { privateModes } from "@tutti/kernel";

/**
 * Creates a file that only this user can read, before SQLite opens it. SQLite itself creates files that all users can
 * read, and gives its additional files the mode of the file.
 */
export function createPrivateFile(path: string): void {
  closeSync(openSync(path, "a", privateModes.file));
}
