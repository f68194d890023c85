import type { Command } from "../../command/declaration.ts";

export const adapterCommands: readonly Command[] = [
  {
    name: "adapter list",
    group: "installation",
    summary: "List adapters that workers offer, with their operations",
    arguments: [
      {
        name: "NAME",
        summary: "adapter to list operations of. Default: all adapters",
        isOptional: true,
      },
    ],
    json: "document",
    load: () => import("./commands.ts").then(({ listAdapters }) => listAdapters),
  },
  {
    name: "adapter add",
    group: "this machine",
    summary: "Create a worker file with an adapter",
    about: ["The file is `NAME.ts` in the current folder. Change its operations, and start the worker."],
    arguments: [
      {
        name: "KIND",
        summary:
          "`http`, `graphql`, `grpc`, `sqlite`, `postgres`, `redis`, `nats`, `amqp`, `kafka`, `smtp`, `folder`, `sftp`, `s3`, `git` or `prometheus`",
      },
      { name: "NAME", summary: "adapter name" },
    ],
    examples: [{ words: "adapter add postgres shop", does: "write shop.ts" }],
    json: "document",
    load: () => import("./add.ts").then(({ addAdapter }) => addAdapter),
  },
  {
    name: "adapter run",
    group: "installation",
    summary: "Start the adapters of files as workers, until Ctrl-C",
    about: [
      "Each FILE describes an adapter. `tutti apply` of the same file has the platform run it.",
      "Without FILE, runs the adapter that the platform starts.",
    ],
    arguments: [
      { name: "FILE", summary: "files of adapters", isMany: true, isOptional: true, completes: "file" },
    ],
    examples: [{ words: "adapter run shop.yaml", does: "offer the operations of the adapter" }],
    json: "none",
    load: () => import("./run.ts").then(({ runAdapters }) => runAdapters),
  },
  {
    name: "adapter types",
    group: "installation",
    summary: "Print TypeScript types of the operations of an adapter",
    about: [
      "Each operation is a typed capability for `uses()` in definitions. The types are those of its schemas.",
    ],
    arguments: [{ name: "NAME", summary: "adapter name" }],
    examples: [{ words: "adapter types shop > shop-types.ts", does: "write the types of the adapter shop" }],
    json: "document",
    load: () => import("./types.ts").then(({ adapterTypes }) => adapterTypes),
  },
  {
    name: "adapter check",
    group: "installation",
    summary: "Check the connection of an adapter to its system",
    about: [
      "The check is a run on a worker that offers the adapter. It changes nothing in the other system.",
    ],
    arguments: [{ name: "NAME", summary: "adapter name" }],
    examples: [{ words: "adapter check shop", does: "check address and credentials of the adapter shop" }],
    json: "document",
    load: () => import("./commands.ts").then(({ checkAdapter }) => checkAdapter),
  },
];
