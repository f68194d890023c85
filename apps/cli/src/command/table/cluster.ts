import type { Command, Option } from "../declaration.ts";

const about = ["In a clone of Tutti. docs/guides/cluster.md has the whole story."];
const directory: Option = {
  name: "directory",
  value: "DIR",
  summary: "where everything of it is (.tutti/cluster)",
  completes: "file",
};
const commands = () => import("../../commands/cluster.ts");

const natsServer: Option = {
  name: "nats-server",
  value: "PATH",
  summary: "the program (that on the path, else Debian's)",
  completes: "file",
};

export const clusterCommands: readonly Command[] = [
  {
    name: "cluster up",
    group: "this machine",
    summary: "every service as processes of its own over NATS, until Ctrl-C",
    about,
    options: [
      directory,
      { name: "nats", value: "N", summary: "NATS servers: 1, 3 or 5 (3)" },
      { name: "registry", value: "N", summary: "processes of the registry (2)" },
      { name: "workflow", value: "N", summary: "processes that run workflows (2)" },
      { name: "swarm", value: "N", summary: "processes that own pools and missions (2)" },
      { name: "master", value: "N", summary: "processes that lead sessions (2)" },
      { name: "governance", value: "N", summary: "processes that say who may do what (1)" },
      { name: "gateway", value: "N", summary: "front doors (1)" },
      { name: "partitions", value: "N", summary: "partitions of each service, fixed when it is made (8)" },
      {
        name: "port",
        value: "PORT",
        summary: "where the first gateway serves HTTP; gRPC is one above (7400)",
      },
      { name: "plain", summary: "without certificates between services" },
      { name: "paused", summary: "nothing is executed until `tutti release` says so" },
      {
        name: "set",
        value: "KEY=VALUE",
        summary: "a key of the configuration of every service",
        isMany: true,
      },
      natsServer,
    ],
    examples: [
      { words: "cluster up --workflow 3", does: "three processes share the runs" },
      { words: "cluster up --set log.level=debug", does: "all of them say more in their logs" },
    ],
    json: "document",
    load: () => commands().then(({ clusterUp }) => clusterUp),
  },
  {
    name: "cluster status",
    group: "this machine",
    summary: "the processes of a cluster: where they are, and how",
    about,
    options: [directory],
    json: "document",
    load: () => commands().then(({ clusterStatus }) => clusterStatus),
  },
  {
    name: "cluster scale",
    group: "this machine",
    summary: "more or fewer processes of a service; what they own moves while it goes on",
    about,
    arguments: [{ name: "SERVICE=N", summary: "so many of it", isMany: true }],
    options: [directory],
    examples: [{ words: "cluster scale workflow=3 swarm=1", does: "one comes, one hands over and goes" }],
    json: "none",
    load: () => commands().then(({ clusterScale }) => clusterScale),
  },
  {
    name: "cluster restart",
    group: "this machine",
    summary: "one process after the other, each when all are ready again",
    about,
    arguments: [{ name: "NAME", summary: "a process", isMany: true, isOptional: true }],
    options: [directory, { name: "all", summary: "every one, NATS servers too" }],
    examples: [{ words: "cluster restart workflow-1 workflow-2", does: "runs go on meanwhile" }],
    json: "none",
    load: () => commands().then(({ clusterRestart }) => clusterRestart),
  },
  {
    name: "cluster down",
    group: "this machine",
    summary: "ends the cluster that runs, in good order",
    about,
    options: [directory],
    json: "none",
    load: () => commands().then(({ clusterDown }) => clusterDown),
  },
  {
    name: "cluster backup",
    group: "this machine",
    summary: "copies a cluster that is down: its streams, the table of owners, its keys",
    about,
    arguments: [
      { name: "FOLDER", summary: "an empty folder, or one that is not there yet", completes: "file" },
    ],
    options: [directory, natsServer],
    json: "none",
    load: () => commands().then(({ clusterBackup }) => clusterBackup),
  },
  {
    name: "cluster restore",
    group: "this machine",
    summary: "makes a cluster of a backup, in a directory that has none",
    about,
    arguments: [{ name: "FOLDER", summary: "the backup", completes: "file" }],
    options: [directory, natsServer],
    examples: [
      {
        words: "cluster restore backup --directory again",
        does: "then: tutti cluster up --paused --directory again",
      },
    ],
    json: "none",
    load: () => commands().then(({ clusterRestore }) => clusterRestore),
  },
  {
    name: "cluster import",
    group: "this machine",
    summary: "makes a cluster of the data directory of `npm start`, with everything that is under way",
    about,
    arguments: [
      { name: "FOLDER", summary: "the data directory of a platform that was stopped", completes: "file" },
    ],
    options: [
      directory,
      { name: "nats", value: "N", summary: "NATS servers: 1, 3 or 5 (3)" },
      { name: "plain", summary: "without certificates between services" },
      natsServer,
    ],
    examples: [
      {
        words: "cluster import .tutti --directory cluster",
        does: "then: tutti cluster up --directory cluster",
      },
    ],
    json: "none",
    load: () => commands().then(({ clusterImport }) => clusterImport),
  },
];
