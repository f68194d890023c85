import { existsSync } from "node:fs";
import { cp } from "node:fs/promises";

/** Copies a file, or a folder with its content. */
export async function copyIfPresent(from: string, to: string): Promise<void> {
  if (existsSync(from)) await cp(from, to, { recursive: true });
}
