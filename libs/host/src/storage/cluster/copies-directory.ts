import { resolve } from "node:path";
import type { Foundation } from "@tutti/kernel";
import { DataDirectory } from "../../data-directory.ts";
import { hostErrors } from "../../errors.ts";

/** More processes than these on one machine share no directory. */
const placesMax = 256;

/**
 * The folder of this process below a directory that all processes of a machine may share: the first free one. A
 * process that starts again finds the copies of the one before, and has to fetch only what has changed since.
 */
export async function claimCopies(
  directory: string,
  foundation: Pick<Foundation, "clock" | "logger" | "timers">,
): Promise<DataDirectory> {
  for (let place = 1; ; place++) {
    const copies = new DataDirectory(resolve(directory, String(place)), foundation, "cluster.copies");
    try {
      await copies.start();
      return copies;
    } catch (error) {
      if (!hostErrors.dataDirectoryLocked.is(error) || place === placesMax) throw error;
    }
  }
}
