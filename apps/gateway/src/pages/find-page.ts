import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

const built = join("apps", "dashboard", "dist");

/**
 * The directory of the built page: the one that is configured, or that of the installation which this file is a part
 * of, as a source or in a bundle. Undefined where it has not been built.
 */
export function findPage(configured: string, from = import.meta.dirname): string | undefined {
  if (configured !== "") return hasPage(configured) ? configured : undefined;
  for (let folder = from; ; folder = dirname(folder)) {
    const page = join(folder, built);
    if (hasPage(page)) return page;
    if (dirname(folder) === folder) return undefined;
  }
}

function hasPage(folder: string): boolean {
  return existsSync(join(folder, "index.html"));
}
