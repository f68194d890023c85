import { existsSync } from "node:fs";
import { cp } from "node:fs/promises";

/** A file, or a folder with all that is in it. */
export async function copyIfThere(from: string, to: string): Promise<void> {
  if (existsSync(from)) await cp(from, to, { recursive: true });
}
