import { resolve } from "node:path";
import type { Foundation } from "@tutti/kernel";
import { DataDirectory } from "../../data-directory.ts";
import { hostErrors } from "../../errors.ts";

/** Maximum number of processes on one machine that share a directory. */
const placesMax = 256;

/**
 * Returns the folder of this process below a directory that all processes of a machine may share: the first free one. A
 * restarted process finds the copies of the one before, and has to fetch only changes since then.
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
