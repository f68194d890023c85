import type { Command, Option } from "../../command/declaration.ts";
import { httpPort } from "../../command/options.ts";

const about = [
  "The cluster stores its data in NATS. The command uses nats-server from PATH, or downloads Debian's.",
];
const directory: Option = {
  name: "directory",
  value: "DIR",
  summary: "cluster directory. Default: .tutti/cluster",
  completes: "file",
};
const commands = () => import("./cluster.ts");

const natsServer: Option = {
  name: "nats-server",
  value: "PATH",
  summary: "path of the NATS server. Default: from PATH, else Debian's",
  completes: "file",
};

export const clusterCommands: readonly Command[] = [
  {
    name: "cluster up",
    group: "this machine",
    summary: "Start a cluster on this machine, until Ctrl-C",
    about,
    options: [
      directory,
      { name: "nats", value: "N", summary: "number of NATS servers: 1, 3 or 5. Default: 3" },
      {
        name: "scale",
        value: "SERVICE=N",
        isMany: true,
        summary:
          "number of processes of services: workflow=3,swarm=2. Default: 2 of registry, governance, workflow, swarm and master, 1 insight, 1 gateway",
      },
      {
        name: "partitions",
        value: "N",
        summary: "partitions of each service, fixed at creation. Default: 8",
      },
      httpPort,
      { name: "plain", summary: "disable TLS between services" },
      { name: "paused", summary: "start in paused state" },
      { name: "set", value: "KEY=VALUE", summary: "set a configuration key for every service", isMany: true },
      natsServer,
    ],
    examples: [
      { words: "cluster up --scale workflow=3", does: "start three workflow processes" },
      { words: "cluster up --set log.level=debug", does: "enable debug logs" },
    ],
    json: "document",
    load: () => commands().then(({ clusterUp }) => clusterUp),
  },
  {
    name: "cluster status",
    group: "this machine",
    summary: "List the processes of a cluster",
    about,
    options: [directory],
    json: "document",
    load: () => commands().then(({ clusterStatus }) => clusterStatus),
  },
  {
    name: "cluster scale",
    group: "this machine",
    summary: "Change the number of processes of a service while the cluster runs",
    about,
    arguments: [{ name: "SERVICE=N", summary: "service and number of processes", isMany: true }],
    options: [directory],
    examples: [{ words: "cluster scale workflow=3 swarm=1", does: "scale two services" }],
    json: "none",
    load: () => commands().then(({ clusterScale }) => clusterScale),
  },
  {
    name: "cluster restart",
    group: "this machine",
    summary: "Restart processes one by one, each after the others are ready",
    about,
    arguments: [{ name: "NAME", summary: "process name", isMany: true, isOptional: true }],
    options: [directory, { name: "all", summary: "all items, not only some" }],
    examples: [
      { words: "cluster restart workflow-1 workflow-2", does: "restart two processes while runs continue" },
    ],
    json: "none",
    load: () => commands().then(({ clusterRestart }) => clusterRestart),
  },
  {
    name: "cluster down",
    group: "this machine",
    summary: "Shut down the cluster gracefully",
    about,
    options: [directory],
    json: "none",
    load: () => commands().then(({ clusterDown }) => clusterDown),
  },
  {
    name: "cluster backup",
    group: "this machine",
    summary: "Back up a stopped cluster",
    about,
    arguments: [{ name: "FOLDER", summary: "an empty or new folder", completes: "file" }],
    options: [directory, natsServer],
    json: "none",
    load: () => commands().then(({ clusterBackup }) => clusterBackup),
  },
  {
    name: "cluster restore",
    group: "this machine",
    summary: "Restore a cluster from a backup",
    about,
    arguments: [{ name: "FOLDER", summary: "backup folder", completes: "file" }],
    options: [directory, natsServer],
    examples: [
      {
        words: "cluster restore backup --directory again",
        does: "then run: tutti cluster up --paused --directory again",
      },
    ],
    json: "none",
    load: () => commands().then(({ clusterRestore }) => clusterRestore),
  },
  {
    name: "cluster import",
    group: "this machine",
    summary: "Import the data directory of `npm start` into a new cluster",
    about,
    arguments: [{ name: "FOLDER", summary: "data directory of a stopped platform", completes: "file" }],
    options: [
      directory,
      { name: "nats", value: "N", summary: "number of NATS servers: 1, 3 or 5. Default: 3" },
      { name: "plain", summary: "disable TLS between services" },
      natsServer,
    ],
    examples: [
      {
        words: "cluster import .tutti --directory cluster",
        does: "then run: tutti cluster up --directory cluster",
      },
    ],
    json: "none",
    load: () => commands().then(({ clusterImport }) => clusterImport),
  },
];
