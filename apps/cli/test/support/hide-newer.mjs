// @ts-check
// Removes functions that Node 18.20 lacks and our code might use. Loaded before the command.

import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";

/** @type {readonly [object, readonly string[]][]} */
const newer = [
  [Array, ["fromAsync"]],
  [Array.prototype, ["toReversed", "toSorted", "toSpliced", "with"]],
  [Promise, ["try", "withResolvers"]],
  [Object, ["groupBy"]],
  [Map, ["groupBy"]],
  [Set.prototype, ["difference", "intersection", "isDisjointFrom", "isSubsetOf", "isSupersetOf", "union"]],
  [String.prototype, ["isWellFormed", "toWellFormed"]],
  [JSON, ["isRawJSON", "rawJSON"]],
  [RegExp, ["escape"]],
  [URL, ["parse"]],
  [globalThis, ["CloseEvent", "CustomEvent", "File", "Iterator", "WebSocket", "crypto", "navigator"]],
  [crypto, ["argon2", "argon2Sync", "hash"]],
];
for (const [owner, names] of newer)
  for (const name of names) if (!Reflect.deleteProperty(owner, name)) throw new Error(`${name} stays`);
syncBuiltinESMExports();
