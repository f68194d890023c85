import type { Command, Option } from "../../command/declaration.ts";
import { all, page, reason, size, yes } from "../../command/options.ts";

const pool: Option = { name: "pool", value: "NAME", summary: "pool. Default: default" };
const agent = { name: "ID", summary: "agent id", completes: "agent" } as const;
const scaler = { name: "ID", summary: "scaler id" } as const;

const steering = [
  ["pause", "Pause an agent. Running tasks finish", "pauseAgent", []],
  ["resume", "Resume a paused agent", "resumeAgent", []],
  [
    "drain",
    "Drain an agent: finish running tasks, then disconnect",
    "drainAgent",
    [
      {
        name: "deadline",
        value: "SPAN",
        summary: "requeue unfinished tasks after this duration. Default: never",
      },
    ],
  ],
  [
    "sleep",
    "Put an agent to sleep after its running tasks",
    "sleepAgent",
    [
      {
        name: "duration",
        value: "SPAN",
        summary: "stay in effect for this duration: 30m, 8h. Default: until woken or needed",
      },
    ],
  ],
  ["wake", "Wake an agent", "wakeAgent", []],
  ["quarantine", "Quarantine an agent and requeue its tasks", "quarantineAgent", []],
  ["release", "Release an agent from quarantine", "releaseAgent", []],
] as const;

const agents = steering.map(
  ([verb, summary, action, options]): Command => ({
    name: `agent ${verb}`,
    group: "installation",
    summary,
    arguments: [agent],
    options: [pool, ...options, reason],
    json: "document",
    load: () => import("./agent-steer.ts").then((actions) => actions[action]),
  }),
);

const settings: readonly Option[] = [
  pool,
  { name: "capability", value: "NAME", isMany: true, summary: "capability. Default: any" },
  { name: "min", value: "N", summary: "minimum number of agents. Default: 0" },
  { name: "max", value: "N", summary: "maximum number of agents. Default: 100" },
  { name: "max-wait", value: "SPAN", summary: "add agents if a task waits longer. Default: 5s" },
  { name: "idle", value: "SPAN", summary: "stop agents that are idle for this duration. Default: 1m" },
  {
    name: "cool-down",
    value: "SPAN",
    summary: "wait this long after a change before stopping agents. Default: 1m",
  },
  { name: "sleep", summary: "put agents to sleep instead of stopping them" },
  { name: "forecast", summary: "include the usual load at this time of day" },
  {
    name: "window",
    value: "'BEGIN to END = N..M'",
    isMany: true,
    summary: "bounds for a time window, as cron: '0 22 * * * to 0 6 * * * = 0..0'",
  },
  { name: "time-zone", value: "ZONE", summary: "IANA time zone: Europe/Zurich. Default: UTC" },
  {
    name: "env",
    value: "NAME=VALUE",
    isMany: true,
    summary: "environment variable of the program. Read secrets with env:X or file:X",
  },
  { name: "image", value: "IMAGE", summary: "container image. Words after -- are its arguments" },
  {
    name: "container-limit",
    value: "NAME=N",
    isMany: true,
    summary: "container limit: cpu=0.5, memory_bytes=536870912",
  },
  { name: "socket", value: "PATH", summary: "Docker or Podman socket. Default: first allowed socket" },
  {
    name: "workload",
    value: "KIND/NAME",
    summary: "scale this Kubernetes workload. Prefix NAMESPACE/ for another namespace",
  },
  {
    name: "working-directory",
    value: "DIR",
    summary: "working directory of the program. Default: that of the platform",
  },
  { name: "stop", value: "SPAN", summary: "graceful shutdown period. Default: 10s" },
  { name: "webhook", value: "URL", summary: "webhook URL" },
  { name: "secret", value: "REF", summary: "secret that signs webhook requests: env:NAME or file:PATH" },
  { name: "paused", summary: "start in paused state" },
];
const command = {
  name: "COMMAND",
  isEmptyAllowed: true,
  summary: "program and arguments, after --",
  isMany: true,
  isOptional: true,
} as const;

const scalers: readonly Command[] = [
  {
    name: "scaler list",
    group: "installation",
    summary: "List scalers",
    options: [pool, size, page, all],
    json: "document",
    load: () => import("./scaler-read.ts").then(({ listScalers }) => listScalers),
  },
  {
    name: "scaler show",
    group: "installation",
    summary: "Show a scaler with bounds, agents, forecast and errors",
    arguments: [scaler],
    options: [pool],
    json: "document",
    load: () => import("./scaler-read.ts").then(({ showScaler }) => showScaler),
  },
  {
    name: "scaler log",
    group: "installation",
    summary: "List the decisions of a scaler with reasons, newest first",
    arguments: [scaler],
    options: [pool, size, page, all],
    json: "document",
    load: () => import("./scaler-read.ts").then(({ logScaler }) => logScaler),
  },
  {
    name: "scaler create",
    group: "installation",
    summary: "Create a scaler that starts and stops agents on demand",
    arguments: [scaler, command],
    options: settings,
    examples: [
      { words: "scaler create crew --max 5 -- node worker.ts", does: "run up to five agents on demand" },
      {
        words: "scaler create crew --min 2 --window '0 22 * * * to 0 6 * * * = 0..0' -- node worker.ts",
        does: "let agents sleep at night",
      },
      {
        words: "scaler create crew --image registry.example.com/crew:3 --container-limit cpu=1 --max 5",
        does: "run agents in Docker or Podman",
      },
      {
        words: "scaler create crew --workload agents/Deployment/crew --max 20",
        does: "scale a Kubernetes deployment",
      },
    ],
    json: "document",
    load: () => import("./scaler-write.ts").then(({ createScaler }) => createScaler),
  },
  {
    name: "scaler update",
    group: "installation",
    summary: "Update a scaler. Options that are not set stay unchanged",
    arguments: [scaler, command],
    options: [
      ...settings,
      { name: "no-sleep", summary: "stop agents instead of putting them to sleep" },
      { name: "no-forecast", summary: "use only the present load" },
      { name: "resumed", summary: "resume a paused scaler" },
      reason,
    ],
    json: "document",
    load: () => import("./scaler-write.ts").then(({ updateScaler }) => updateScaler),
  },
  {
    name: "scaler delete",
    group: "installation",
    summary: "Delete a scaler. Its agents drain",
    arguments: [scaler],
    options: [pool, reason, yes],
    confirm: (values) => `Delete scaler ${values.argument("ID")}?`,
    json: "document",
    load: () => import("./scaler-write.ts").then(({ deleteScaler }) => deleteScaler),
  },
];

const runs = { name: "RUN", summary: "ids of recorded runs with an agent", isMany: true } as const;
const agentTask: Option = { name: "task", value: "TASK", summary: "only this task" };

const recordings: readonly Command[] = [
  {
    name: "agent roll",
    group: "installation",
    summary: "Roll a version of a capability out over its agents, by percentage",
    about: [
      "Agents of the other versions are paused until the version has its percentage of the slots. They finish their tasks.",
      "Without --percent and --back, shows the versions of the agents.",
    ],
    arguments: [{ name: "NAME@VERSION", summary: "capability with its new version" }],
    options: [
      pool,
      { name: "percent", value: "N", summary: "percentage of new work for the version. Default: as it is" },
      { name: "back", summary: "return all slots to the other versions" },
    ],
    examples: [
      { words: "agent roll pay.charge@2.0.0 --percent 25", does: "a quarter of the slots has version 2.0.0" },
      { words: "agent roll pay.charge@2.0.0 --back", does: "version 2.0.0 gets no new tasks" },
    ],
    json: "document",
    load: () => import("./roll.ts").then(({ rollAgents }) => rollAgents),
  },
  {
    name: "agent replay",
    group: "runs",
    summary: "Replay agents of recorded runs without a token, also with changes",
    about: [
      "Model answers, tool results and human decisions come from the recording. No tokens are used and no tool runs. With a change, the command shows the calls and outputs that differ.",
      "Exit code 0: every replay has the calls and the output of its run. Exit code 1: at least one replay differs.",
    ],
    arguments: [runs],
    options: [
      agentTask,
      { name: "instructions", value: "TEXT", summary: "other instructions" },
      { name: "deny-calls", value: "CONDITION", summary: "deny these calls: 'call.name == \"pay.refund\"'" },
    ],
    json: "document",
    load: () => import("./recordings.ts").then(({ replayAgents }) => replayAgents),
  },
  {
    name: "agent compare",
    group: "runs",
    summary: "Compare two prompts or models on the inputs of recorded runs",
    about: [
      "FILE has the agents `one` and `other`, as `agent` of a task, and one way to score. `score` is a condition over `input`, `expected` and `output`. `judge` is a model with instructions, `test` a module. `expected` is the recorded output.",
      "Model calls use the API keys of your environment. Tools return their recorded results.",
    ],
    arguments: [{ name: "FILE", summary: "YAML file of the comparison", completes: "file" }, runs],
    options: [agentTask],
    json: "document",
    load: () => import("./recordings.ts").then(({ compareAgents }) => compareAgents),
  },
  {
    name: "agent freeze",
    group: "runs",
    summary: "Convert a recorded agent to a workflow, with the recordings as its tests",
    about: [
      "The calls of the first run become tasks. Values that come from the input or from an earlier result become references. The other runs test this. Exit code 1: the workflow differs from a run.",
    ],
    arguments: [runs],
    options: [
      agentTask,
      { name: "workflow-name", value: "NAME", summary: "name of the workflow. Default: frozen" },
      {
        name: "out",
        value: "DIR",
        summary: "output directory. Default: the current folder",
        completes: "file",
      },
    ],
    json: "document",
    load: () => import("./recordings.ts").then(({ freezeAgent }) => freezeAgent),
  },
];

export const agentCommands: readonly Command[] = [...agents, ...recordings, ...scalers];
