// Imported into each service of a cluster under test. Its wall clock has the skew that a file of the process contains.
//
// The monotonic clock does not change, as on a machine whose clock is set.

import { readFileSync } from "node:fs";
import { join } from "node:path";

const file = join(process.env["CHAOS_DIRECTORY"] ?? "", "skew", String(process.pid));
const now = Date.now;
let skewMs = 0;
setInterval(() => {
  try {
    skewMs = Number(readFileSync(file, "utf8")) || 0;
  } catch {
    skewMs = 0;
  }
}, 200).unref();

Date.now = () => now() + skewMs;
globalThis.Date = new Proxy(Date, {
  construct: (of, given, target) =>
    Reflect.construct(of, given.length === 0 ? [now() + skewMs] : given, target),
  apply: (of) => new of(now() + skewMs).toString(),
});
