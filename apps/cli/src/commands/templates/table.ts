import type { Command } from "../../command/declaration.ts";

const name = { name: "NAME", summary: "name of the template, such as order or missions/vote" } as const;

export const templateCommands: readonly Command[] = [
  {
    name: "template list",
    group: "this machine",
    summary: "List templates: workflows, agents, missions and sessions to copy",
    json: "document",
    load: () => import("./template.ts").then(({ listTemplates }) => listTemplates),
  },
  {
    name: "template show",
    group: "this machine",
    summary: "Print the files of a template",
    arguments: [name],
    examples: [{ words: "template show order", does: "print the definition, the worker and the program" }],
    json: "document",
    load: () => import("./template.ts").then(({ showTemplate }) => showTemplate),
  },
  {
    name: "template run",
    group: "this machine",
    summary: "Start a template on the running platform, with its workers",
    about: [
      "Starts the workers of the template in this process, runs it in a namespace of its own, and prints the outcome as JSON. Templates of agents use a scripted model and need no key.",
      "Finds the platform at --server, TUTTI_URL or, for workers, at TUTTI_ADDRESS. Default: the platform of `tutti dev` on this machine.",
    ],
    arguments: [name],
    examples: [{ words: "template run missions/vote", does: "three agents vote in three ways" }],
    json: "document",
    load: () => import("./template.ts").then(({ runTemplate }) => runTemplate),
  },
  {
    name: "template publish",
    group: "this machine",
    summary: "Register the workflows of a template in your namespace",
    about: [
      "The dashboard and `tutti run` then start them, with a form of their input and parameters. Name capabilities of your workers as parameters.",
      "Start the workflow of a mission or session with `tutti mission start NAME` or `tutti session start NAME`. A template without a definition is a program: copy it with `tutti template show`.",
    ],
    arguments: [name],
    options: [{ name: "as", value: "LABEL", isMany: true, summary: "add this version label: stable, 2.1.0" }],
    examples: [{ words: "template publish approval --as stable", does: "register the workflow `approval`" }],
    json: "document",
    load: () => import("./template.ts").then(({ publishTemplate }) => publishTemplate),
  },
];
