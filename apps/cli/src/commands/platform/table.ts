import type { Command, Option } from "../../command/declaration.ts";
import { all, httpPort, page, reason, since, size } from "../../command/options.ts";

const pool = { name: "pool", value: "NAME", summary: "pool. Default: default" } as const;

const dataDirectory: Option = {
  name: "data-directory",
  value: "DIR",
  summary: "data directory. Default: .tutti, or as configured",
  completes: "file",
};

const paused: Option = { name: "paused", summary: "start in paused state" };

export const installationCommands: readonly Command[] = [
  {
    name: "dev",
    group: "installation",
    summary: "Start the platform in the current folder and run until Ctrl-C",
    about: [
      "Keeps its data in ./.tutti. With `--port auto` it takes the first two free ports.",
      "With `--paused` no task, timer or schedule starts until `tutti release`.",
      "Registers the workflow files of the folder: YAML, JSON, and modules in TypeScript or JavaScript that export what `workflow(…)` of `@tutti/sdk` returns. Registers a file again when it changes.",
      "The next start resumes every run.",
      "Takes every key of the configuration as an option: `tutti config explain` lists them.",
    ],
    options: [httpPort, paused],
    acceptsConfigKeys: true,
    examples: [
      { words: "dev --port auto", does: "use the first two free ports" },
      { words: "dev --platform.dataDirectory=/srv/tutti", does: "keep the data in another folder" },
    ],
    json: "none",
    load: () => import("./dev.ts").then(({ dev }) => dev),
  },
  {
    name: "serve",
    group: "installation",
    summary: "Start the platform as a service, for production on one machine",
    about: [
      "Like `dev`, but registers no files. `tutti apply` and `tutti workflow register` register workflows.",
      "SIGTERM stops it gracefully. The next start resumes every run.",
      "Takes every key of the configuration as an option: `tutti config explain` lists them.",
    ],
    options: [httpPort, paused],
    acceptsConfigKeys: true,
    examples: [{ words: "serve --platform.dataDirectory=/var/lib/tutti", does: "keep the data there" }],
    json: "none",
    load: () => import("./dev.ts").then(({ serve }) => serve),
  },
  {
    name: "status",
    group: "installation",
    summary: "Show services, runs, workers and open approvals",
    json: "document",
    load: () => import("./status.ts").then(({ status }) => status),
  },
  {
    name: "top",
    group: "installation",
    summary: "Show active runs, queues and the load of workers",
    about: [
      "On a terminal, the view is refreshed in place. Press Ctrl-C to leave it. Without a terminal, the command prints once.",
    ],
    options: [
      { name: "once", summary: "print once, also on a terminal" },
      { name: "interval", value: "SPAN", summary: "time between two refreshes. Default: 2s" },
    ],
    json: "document",
    load: () => import("./top.ts").then(({ top }) => top),
  },
  {
    name: "load",
    group: "installation",
    summary: "Test the performance of the installation by a scenario",
    about: [
      "Starts runs at the rates of the scenario, even if the platform is slow, and measures until each has ended. Latency counts from the moment at which a start was due.",
      "The exit code is 1 if a threshold is not met. Ctrl-C stops starting runs and prints the report so far.",
    ],
    arguments: [{ name: "FILE", summary: "scenario", completes: "file" }],
    options: [
      {
        name: "report",
        value: "FILE",
        isMany: true,
        summary: "write a report, in HTML or JSON by the end of its name",
        completes: "file",
      },
    ],
    examples: [
      { words: "load orders.yaml", does: "run a scenario" },
      { words: "load orders.yaml --report load.html --report load.json", does: "keep reports of a build" },
    ],
    json: "document",
    load: () => import("./load.ts").then(({ load }) => load),
  },
  {
    name: "smoke",
    group: "installation",
    summary: "Send one task through every service and show the time of each hop",
    about: [
      "The command is the worker of its task, so no other worker is needed. The exit code is 1 if a hop fails. Hops that the key may not see are skipped.",
    ],
    options: [
      { name: "timeout", value: "SPAN", summary: "stop waiting after this duration: 30s, 5m. Default: 30s" },
    ],
    json: "document",
    load: () => import("./smoke.ts").then(({ smoke }) => smoke),
  },
  {
    name: "sql",
    group: "installation",
    summary: "Query facts about runs, attempts and agents with SQL",
    about: [
      "Answers a SELECT statement in the dialect of SQLite. Each table has the facts of the namespace. List tables and columns with `tutti facts`.",
      "A query ends after 10 s. Its answer has at most 1 MB.",
    ],
    arguments: [{ name: "SQL", summary: "the statement" }],
    options: [
      { name: "rows", value: "NUMBER", summary: "maximum number of rows, up to 10000. Default: 1000" },
      { name: "csv", summary: "print CSV" },
      { name: "parquet", value: "FILE", summary: "write a Parquet file", completes: "file" },
    ],
    examples: [
      {
        words: "sql 'SELECT definition, status, count(*) FROM runs GROUP BY 1, 2'",
        does: "count runs by workflow and status",
      },
    ],
    json: "document",
    load: () => import("./facts.ts").then(({ query }) => query),
  },
  {
    name: "metrics list",
    group: "installation",
    summary: "List metrics of the installation or of a namespace",
    about: [
      "Metrics of the installation are in the namespace `system`. Metrics that workers record are in the namespace of their work.",
    ],
    options: [{ name: "own", summary: "metrics that workers record in the namespace" }],
    json: "document",
    load: () => import("./metrics.ts").then(({ list }) => list),
  },
  {
    name: "metrics query",
    group: "installation",
    summary: "Show the values of a metric over time",
    about: [
      "Shows a line for each series, with the latest value, the mean and the maximum. A counter shows its increase per second.",
    ],
    arguments: [{ name: "METRIC", summary: "name of the metric" }],
    options: [
      { name: "own", summary: "metrics that workers record in the namespace" },
      { name: "last", value: "TIME", summary: "how far back, up to 90d: 15m, 6h, 7d. Default: 1h" },
      { name: "series", value: "LABEL=VALUE", summary: "only series with this label", isMany: true },
      { name: "by", value: "LABEL", summary: "aggregate series by this label", isMany: true },
      {
        name: "over",
        value: "HOW",
        summary: "how to join series: sum, mean, min, max or count. Default with --by: sum",
      },
    ],
    examples: [
      {
        words: "metrics query process_resident_memory_bytes --last 24h",
        does: "show the memory of each process",
      },
      {
        words: "metrics query orders_total --own --by route",
        does: "show a metric of your workers by label",
      },
    ],
    json: "document",
    load: () => import("./metrics.ts").then(({ query }) => query),
  },
  {
    name: "facts",
    group: "installation",
    summary: "List the tables and columns for `tutti sql`",
    json: "document",
    load: () => import("./facts.ts").then(({ facts }) => facts),
  },
  {
    name: "mcp",
    group: "installation",
    summary: "Serve MCP clients over standard input and output",
    about: [
      "A client of the Model Context Protocol starts this command. Each message goes to the platform's `POST /mcp`.",
      "Tools start, watch, explain, cancel and approve runs. Every workflow is a tool with its input schema.",
    ],
    json: "none",
    load: () => import("./mcp.ts").then(({ mcp }) => mcp),
  },
  {
    name: "version",
    group: "installation",
    summary: "Print the versions of the CLI and the platform",
    about: [
      "Without a platform, the command prints the version of the CLI. `tutti --version` never contacts the platform.",
    ],
    json: "document",
    load: () => import("./version.ts").then(({ version }) => version),
  },
  {
    name: "instances",
    group: "installation",
    summary: "List platform processes with release, address and state",
    about: ["During an upgrade, processes of the old release are highlighted."],
    arguments: [{ name: "SERVICE", summary: "only this service", isOptional: true }],
    json: "document",
    load: () => import("./instances.ts").then(({ instances }) => instances),
  },
  {
    name: "components",
    group: "installation",
    summary: "Show the components of each platform process with state and last error",
    about: [
      "Shows a tree for each process: services, and their components. A component counts as failed each time it becomes degraded or unhealthy.",
    ],
    arguments: [{ name: "SERVICE", summary: "only this service", isOptional: true }],
    options: [{ name: "problems", summary: "only components that are not ready or have failed" }],
    examples: [{ words: "components --problems", does: "find what is wrong, or was" }],
    json: "document",
    load: () => import("./components.ts").then(({ components }) => components),
  },
  {
    name: "health",
    group: "installation",
    summary: "Show when services and components were not ready",
    about: [
      "Reads the recorded health of services and components. With --fleet: that of the workers of the namespace. Without --since: the last day.",
    ],
    arguments: [{ name: "SUBJECT", summary: "only this service or component", isOptional: true }],
    options: [since, { name: "fleet", summary: "workers in place of services" }, all],
    examples: [{ words: "health workflow --since 7d", does: "find out when the service workflow was down" }],
    json: "document",
    load: () => import("./health.ts").then((module) => module.health),
  },
  {
    name: "capabilities",
    group: "installation",
    summary: "List capabilities with versions, schemas and how many agents offer them",
    json: "document",
    load: () => import("./capabilities.ts").then(({ capabilities }) => capabilities),
  },
  {
    name: "paused",
    group: "installation",
    summary: "Show the paused and the released work after a paused start",
    json: "document",
    load: () => import("./pause.ts").then(({ paused }) => paused),
  },
  {
    name: "release",
    group: "installation",
    summary: "Release paused work, in portions or all at once",
    about: [
      "Set --namespace to release one namespace. Released work stays released. A larger share includes the smaller shares before.",
    ],
    options: [
      { name: "all", summary: "all items, not only some" },
      { name: "share", value: "N", summary: "percentage of the objects, chosen by id" },
      {
        name: "service",
        value: "NAME",
        isMany: true,
        summary: "only this service: workflow, swarm or master. Default: all",
      },
      { name: "partition", value: "N", isMany: true, summary: "only this partition. Default: all" },
      reason,
    ],
    examples: [
      { words: "release --share 5", does: "release 5 % as a test" },
      { words: "release --namespace shop", does: "release one namespace" },
      { words: "release --all", does: "release the rest" },
    ],
    json: "document",
    load: () => import("./pause.ts").then(({ release }) => release),
  },
  {
    name: "sign-in",
    group: "installation",
    summary: "Print a one-time link that signs your browser in to the dashboard",
    json: "document",
    load: () => import("../access/sign-ins.ts").then(({ signIn }) => signIn),
  },
  {
    name: "sign-ins",
    group: "access",
    summary: "List dashboard sign-ins with user, method and expiry",
    about: ["Lists the whole installation. Set --namespace for sign-ins of one namespace."],
    options: [{ name: "mine", summary: "only your own sign-ins" }],
    json: "document",
    load: () => import("../access/sign-ins.ts").then(({ listSignIns }) => listSignIns),
  },
  {
    name: "sign-out",
    group: "access",
    summary: "Sign out browsers immediately",
    arguments: [{ name: "ID", summary: "sign-in id", isOptional: true }],
    options: [
      { name: "principal", value: "PRINCIPAL", summary: "principal: person:ada, service:ci or agent:press" },
      { name: "all", summary: "all items, not only some" },
    ],
    examples: [
      { words: "sign-out --principal person:ada", does: "sign Ada out everywhere" },
      { words: "sign-out --all", does: "sign all users out" },
    ],
    json: "document",
    load: () => import("../access/sign-ins.ts").then(({ signOut }) => signOut),
  },
  {
    name: "events",
    group: "installation",
    summary: "Stream events until Ctrl-C",
    arguments: [
      {
        name: "PATTERN",
        summary: "event types. `*` matches one word, `>` the rest. Default: all",
        isOptional: true,
      },
    ],
    options: [
      {
        name: "cursor",
        value: "CURSOR",
        isEmptyAllowed: true,
        summary: "continue after this cursor of an earlier event",
      },
      { name: "count", value: "N", summary: "number of results. Default: unlimited" },
      { name: "data", summary: "print the data of each event" },
    ],
    examples: [
      { words: "events 'tutti.workflow.run.*'", does: "stream starts and ends of runs" },
      { words: "events --json | jq .type", does: "one JSON document per line" },
    ],
    json: "lines",
    load: () => import("./events.ts").then(({ events }) => events),
  },
  {
    name: "agent list",
    group: "installation",
    summary: "List agents with capabilities, versions, load and cost",
    about: [
      "Lists agents with state, slots, use of their machine, tasks, cost and capabilities. The cost is the money that tasks reported since the agent joined, or the tokens.",
    ],
    options: [pool, size, page, all],
    json: "document",
    load: () => import("../agents/agent.ts").then(({ listAgents }) => listAgents),
  },
  {
    name: "agent show",
    group: "installation",
    summary: "Show an agent with capabilities, running tasks and health",
    arguments: [{ name: "ID", summary: "agent id", completes: "agent" }],
    options: [pool],
    json: "document",
    load: () => import("../agents/agent.ts").then(({ showAgent }) => showAgent),
  },
  {
    name: "validate",
    group: "this machine",
    summary: "Check a file, or all files of a folder, for continuous integration",
    about: [
      "Checks definitions, sessions, configuration (tutti.yaml), *.schema.json, *.rules.yaml and *.agents.yaml. Each error has its position. Works without a platform. With --online, the platform also checks policies (*.cedar) and evaluates its rules for each definition.",
    ],
    arguments: [
      { name: "FOLDER", summary: "folder or file. Default: .", isOptional: true, completes: "file" },
    ],
    options: [
      {
        name: "online",
        summary: "check on the platform too: policies, and definitions against active rules",
      },
      { name: "against", summary: "check on the platform that used capabilities and workflows exist" },
      { name: "sarif", summary: "print a SARIF 2.1.0 report" },
    ],
    examples: [
      { words: "validate .", does: "check the current folder" },
      { words: "validate definitions --sarif > report.sarif", does: "write a report for GitHub or GitLab" },
    ],
    json: "document",
    load: () => import("./validate.ts").then(({ validate }) => validate),
  },
  {
    name: "config explain",
    group: "this machine",
    summary: "Explain each configuration key, its value and its source",
    about: ["Reads files, environment and defaults like the platform."],
    arguments: [{ name: "KEY", summary: "key or section to explain", isOptional: true }],
    json: "document",
    load: () => import("./config-explain.ts").then(({ configExplain }) => configExplain),
  },
  {
    name: "certs",
    group: "this machine",
    summary: "Create development certificates for mutual TLS between services",
    options: [
      { name: "out", value: "DIR", summary: "output directory. Default: .tutti/certs", completes: "file" },
      { name: "rotate", summary: "replace all certificates. Running services reload them" },
      {
        name: "next-authority",
        summary: "run the next of three steps that replace the certificate authority",
      },
      { name: "services", value: "A,B", summary: "only these services. Default: all" },
      {
        name: "hosts",
        value: "A,B",
        summary: "host names and addresses in addition to localhost and 127.0.0.1",
      },
    ],
    json: "document",
    load: () => import("./certs.ts").then(({ certs }) => certs),
  },
  {
    name: "doctor",
    group: "this machine",
    summary: "Check Node, ports, platform and data directory",
    options: [dataDirectory],
    json: "document",
    load: () => import("./doctor.ts").then(({ doctor }) => doctor),
  },
  {
    name: "data verify",
    group: "this machine",
    summary: "Verify everything in a data directory",
    about: [
      "Stop the platform first, or verify a copy. Exit code 0: no problems. Exit code 3: a process uses it.",
    ],
    options: [dataDirectory],
    examples: [{ words: "data verify --data-directory /backups/monday", does: "verify a copy" }],
    json: "document",
    load: () => import("./data.ts").then(({ dataVerify }) => dataVerify),
  },
  {
    name: "data backup",
    group: "this machine",
    summary: "Back up a data directory with its keys, also while the platform runs",
    about: ["Verifies the copy. Without keys a copy cannot be restored, so choose where they go."],
    options: [
      dataDirectory,
      { name: "copy", value: "DIR", summary: "directory of the copy", completes: "file" },
      {
        name: "passphrase-file",
        value: "FILE",
        summary: "file with the passphrase of the keys in the copy",
        completes: "file",
      },
      { name: "keys-elsewhere", summary: "exclude the keys, because you keep them in a key store" },
    ],
    examples: [
      {
        words: "data backup --copy /backups/monday --passphrase-file backup.pass",
        does: "copy ./.tutti with its keys",
      },
    ],
    json: "document",
    load: () => import("./data.ts").then(({ dataBackup }) => dataBackup),
  },
  {
    name: "data restore",
    group: "this machine",
    summary: "Create a data directory from a copy, and verify it",
    options: [
      dataDirectory,
      { name: "copy", value: "DIR", summary: "directory of the copy", completes: "file" },
      {
        name: "passphrase-file",
        value: "FILE",
        summary: "file with the passphrase of the keys in the copy",
        completes: "file",
      },
    ],
    json: "document",
    load: () => import("./data.ts").then(({ dataRestore }) => dataRestore),
  },
  {
    name: "demo kill",
    group: "this machine",
    summary: "Prove in 60 seconds that kill -9 loses no work",
    about: [
      "Starts a platform in a temporary folder, with two workers and 500 runs. Each step writes its effect to a file. The demo kills platform and workers with kill -9 several times and restarts them. Then it compares every acknowledged run with the journal and the files.",
      "Exit code 0: nothing was lost. Exit code 1: work was lost.",
    ],
    options: [{ name: "runs", value: "N", summary: "number of runs. Default: 500" }],
    json: "document",
    load: () => import("./demo-kill.ts").then(({ killDemo }) => killDemo),
  },
  {
    name: "demo agents",
    group: "this machine",
    summary: "Prove offline that an agent continues after kill -9 without paying twice",
    about: [
      "Starts a platform in a temporary folder, a worker, and a server with a scripted model. An agent handles a complaint: it calls tools, you approve the refund, and its answers appear word by word. In the middle of the last answer the worker is killed with kill -9, and another one continues.",
      "Needs no key and no network. Exit code 0: no answer was paid twice, and one refund was made. Exit code 1: otherwise.",
    ],
    json: "document",
    load: () => import("./demo-agents.ts").then(({ agentsDemo }) => agentsDemo),
  },
  {
    name: "demo race",
    group: "this machine",
    summary: "Race the same job in all modes, with time, cost and slots",
    about: [
      "Connects four agents of different speed per mode to the running platform. Starts the same job in each mode and draws the progress. The dashboard shows the race at /race.",
      "This command needs a running platform. Exit code 0: all modes completed. Exit code 1: a mode failed.",
    ],
    json: "document",
    load: () => import("./demo-race.ts").then(({ raceDemo }) => raceDemo),
  },
  {
    name: "completion",
    group: "this machine",
    summary: "Print shell completion",
    arguments: [{ name: "SHELL", summary: "bash, zsh or fish" }],
    examples: [
      {
        words: "completion bash > ~/.local/share/bash-completion/completions/tutti",
        does: "install for bash",
      },
      { words: "completion zsh > ~/.zfunc/_tutti", does: "install for zsh, with ~/.zfunc in fpath" },
      { words: "completion fish > ~/.config/fish/completions/tutti.fish", does: "install for fish" },
    ],
    json: "none",
    load: () => import("../../completion/scripts.ts").then(({ completion }) => completion),
  },
];
