// @ts-check

// A `*.test.ts` runs in `npm test`: pure or in one process, in virtual time. Sockets, disks, NATS and processes belong
// into `*.io.ts`. The check follows the imports of the file and of its test support.

import { dirname, join } from "node:path/posix";
import { sourcesOf } from "./sources.mjs";

/** Modules that only the tiers above may import, with the resource that each uses. */
const outside = new Map([
  ["node:child_process", "processes"],
  ["node:net", "sockets"],
  ["node:tls", "sockets"],
  ["node:http", "sockets"],
  ["node:http2", "sockets"],
  ["node:https", "sockets"],
  ["@tutti/nats/testing", "NATS"],
]);

/** Harmless imports: a socket that is never connected, and functions on addresses as text. */
const harmless = /^import \{( ?(type )?(Socket|BlockList|isIP),?)+ \} from "node:net";$/m;

/**
 * @param {string} root
 * @returns {string[]}
 */
export function checkTiers(root) {
  const sources = new Map(sourcesOf(root).map((source) => [source.path, source]));
  return [...sources.values()]
    .filter(({ path }) => /\.test\.(ts|mjs)$/.test(path))
    .flatMap((test) => {
      const found = firstOutside(test.path, sources, new Set());
      if (found === undefined) return [];
      const through = found.path === test.path ? "" : ` through ${found.path}`;
      return [`${test.path} imports ${found.name}${through}: tests with ${found.what} are named *.io.ts`];
    });
}

/**
 * @param {string} path
 * @param {ReadonlyMap<string, import("./sources.mjs").Source>} sources
 * @param {Set<string>} seen
 * @returns {{ path: string, name: string, what: string } | undefined}
 */
function firstOutside(path, sources, seen) {
  const source = sources.get(path);
  // The imports of the product are not the choice of the test.
  if (source === undefined || !source.isTest || seen.has(path)) return undefined;
  seen.add(path);
  for (const name of source.imports) {
    const what = outside.get(name);
    if (what !== undefined && !harmless.test(source.text)) return { path, name, what };
    const found = name.startsWith(".") && firstOutside(join(dirname(path), name), sources, seen);
    if (found) return found;
  }
  return undefined;
}
