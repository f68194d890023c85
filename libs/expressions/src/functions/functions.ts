import { conversions } from "./conversions.ts";
import type { FunctionDeclaration } from "./declaration.ts";
import { format } from "./format.ts";
import { lists } from "./lists.ts";
import { numbers } from "./numbers.ts";
import { texts } from "./texts.ts";
import { times } from "./times.ts";

/**
 * All callable functions, by name: the standard functions of the language, and its extensions for texts, lists and
 * numbers.
 */

const all = [...conversions, ...lists, ...numbers, ...texts, ...times, format];

export const globals: ReadonlyMap<string, FunctionDeclaration> = new Map(
  all.filter(({ style }) => style !== "method").map((declared) => [declared.name, declared]),
);

export const methods: ReadonlyMap<string, FunctionDeclaration> = new Map(
  all.filter(({ style }) => style !== "global").map((declared) => [declared.name, declared]),
);

/** Names of types that can be written as values. */
export const typeNames: ReadonlySet<string> = new Set([
  "bool",
  "bytes",
  "double",
  "int",
  "list",
  "map",
  "null_type",
  "string",
  "type",
  "uint",
  "google.protobuf.Timestamp",
  "google.protobuf.Duration",
]);
