// Imported into the process that runs a package's tests, and so into its threads. A thread of a service runs from its
// bundle, if the run has built one (TEST_THREADS). From source each start of a thread loads its modules again, and a
// host with a disk starts five threads.

import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isMainThread } from "node:worker_threads";
import { threads } from "../threads.mjs";

const folder = process.env["TEST_THREADS"];
if (!isMainThread && folder !== undefined) {
  const bundles = new Map(
    threads.map(({ name, file }) => [
      new URL(`../../${file}`, import.meta.url).href,
      pathToFileURL(join(folder, `${name}.mjs`)).href,
    ]),
  );
  registerHooks({
    resolve: (specifier, context, next) => next(bundles.get(specifier) ?? specifier, context),
  });
}
