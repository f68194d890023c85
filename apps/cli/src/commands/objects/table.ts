import type { Command } from "../../command/declaration.ts";
import { all, page, size } from "../../command/options.ts";

const name = { name: "NAME", summary: "object name" } as const;
const key = { name: "KEY", summary: "key" } as const;

export const objectCommands: readonly Command[] = [
  {
    name: "object list",
    group: "objects",
    summary: "List keyed objects that have been called",
    arguments: [{ ...name, summary: "object name. Default: all", isOptional: true }],
    options: [size, page, all],
    json: "document",
    load: () => import("./commands.ts").then(({ listObjects }) => listObjects),
  },
  {
    name: "object show",
    group: "objects",
    summary: "Show the values and the calls of an object",
    arguments: [name, key],
    examples: [{ words: "object show cart ann", does: "show the cart of ann" }],
    json: "document",
    load: () => import("./commands.ts").then(({ showObject }) => showObject),
  },
  {
    name: "object call",
    group: "objects",
    summary: "Start a call of an object and wait for the result",
    about: ["A call is a run. It waits for earlier calls of the same key. `tutti cancel` ends it."],
    arguments: [
      name,
      key,
      { name: "CALL", summary: "name of the call" },
      { name: "KEY=VALUE", summary: "fields of the input", isOptional: true, isMany: true },
    ],
    options: [
      {
        name: "input",
        short: "i",
        value: "INPUT",
        isMany: true,
        summary: "input: JSON, @FILE, - for standard input, or KEY=VALUE",
      },
      { name: "id", value: "ID", summary: "id of the new object. Default: random" },
      { name: "detach", short: "d", summary: "print the id and exit" },
    ],
    examples: [{ words: "object call cart ann add -i '\"book\"'", does: "add a book to the cart of ann" }],
    json: "document",
    load: () => import("./commands.ts").then(({ callObject }) => callObject),
  },
];
