import type { Command, Option } from "../declaration.ts";
import { all, page, reason, size } from "./options.ts";

const pool: Option = { name: "pool", value: "NAME", summary: "of this pool (default)" };
const agent = { name: "ID", summary: "the agent", completes: "agent" } as const;
const scaler = { name: "ID", summary: "the scaler" } as const;

const steering = [
  ["pause", "gives an agent no more work; what it has it finishes", "pauseAgent", []],
  ["resume", "lets a paused agent work again", "resumeAgent", []],
  [
    "drain",
    "asks an agent to finish what it has, and to go",
    "drainAgent",
    [{ name: "within", value: "SPAN", summary: "what is left then goes to others (any time)" }],
  ],
  [
    "sleep",
    "puts an agent to sleep once it has finished what it has",
    "sleepAgent",
    [{ name: "for", value: "SPAN", summary: "for so long (until it is woken or needed)" }],
  ],
  ["wake", "wakes an agent", "wakeAgent", []],
  [
    "quarantine",
    "puts an agent aside until it is released; what it has goes to others",
    "quarantineAgent",
    [],
  ],
  [
    "release",
    "takes an agent out of quarantine; a program that was put aside is started again",
    "releaseAgent",
    [],
  ],
] as const;

const agents = steering.map(
  ([word, summary, action, options]): Command => ({
    name: `agent ${word}`,
    group: "installation",
    summary,
    arguments: [agent],
    options: [pool, ...options, reason],
    json: "document",
    load: () => import("../../commands/agent-steer.ts").then((actions) => actions[action]),
  }),
);

const settings: readonly Option[] = [
  pool,
  { name: "capability", value: "NAME", isMany: true, summary: "what its agents do (whatever they offer)" },
  { name: "min", value: "N", summary: "never fewer agents (0)" },
  { name: "max", value: "N", summary: "never more agents (100)" },
  { name: "wait", value: "SPAN", summary: "more agents when a task waits longer (5s)" },
  { name: "idle", value: "SPAN", summary: "agents go when they had nothing to do for so long (1m)" },
  { name: "cool-down", value: "SPAN", summary: "none goes so soon after a change (1m)" },
  { name: "sleep", summary: "agents are put to sleep instead of being ended" },
  { name: "forecast", summary: "what usually comes at this time of the day counts too" },
  {
    name: "window",
    value: "'BEGIN to END = N..M'",
    isMany: true,
    summary: "other bounds by the clock, as cron; 0..0: all sleep but one for what comes",
  },
  { name: "time-zone", value: "ZONE", summary: "of the windows (UTC)" },
  {
    name: "env",
    value: "NAME=VALUE",
    isMany: true,
    summary: "in the program's environment; env:X and file:X are secrets",
  },
  { name: "image", value: "IMAGE", summary: "starts containers of it; what follows -- are its arguments" },
  {
    name: "limit",
    value: "NAME=N",
    isMany: true,
    summary: "what a container may use: cpu=0.5, memory_bytes=536870912",
  },
  { name: "socket", value: "PATH", summary: "of Docker or Podman (the first that is allowed)" },
  {
    name: "workload",
    value: "KIND/NAME",
    summary: "sets replicas in Kubernetes; NAMESPACE/KIND/NAME in another namespace",
  },
  { name: "directory", value: "DIR", summary: "where the program runs (that of the platform)" },
  { name: "stop", value: "SPAN", summary: "how long it has to end (10s)" },
  { name: "webhook", value: "URL", summary: "instead of a program: who is told how many are wanted" },
  {
    name: "secret",
    value: "REF",
    summary: "what the webhook's requests are signed with: env:NAME, file:PATH",
  },
  { name: "paused", summary: "changes nothing until it is resumed" },
];
const command = {
  name: "COMMAND",
  summary: "the program and its arguments, after --",
  isMany: true,
  isOptional: true,
} as const;

const scalers: readonly Command[] = [
  {
    name: "scaler list",
    group: "installation",
    summary: "what starts and stops agents by need",
    options: [pool, size, page, all],
    json: "document",
    load: () => import("../../commands/scaler-read.ts").then(({ listScalers }) => listScalers),
  },
  {
    name: "scaler show",
    group: "installation",
    summary: "a scaler: its bounds, its agents, what went wrong",
    arguments: [scaler],
    options: [pool],
    json: "document",
    load: () => import("../../commands/scaler-read.ts").then(({ showScaler }) => showScaler),
  },
  {
    name: "scaler log",
    group: "installation",
    summary: "what a scaler has decided, and why, newest first",
    arguments: [scaler],
    options: [pool, size, page, all],
    json: "document",
    load: () => import("../../commands/scaler-read.ts").then(({ logScaler }) => logScaler),
  },
  {
    name: "scaler create",
    group: "installation",
    summary: "starts and stops agents by need from now on",
    arguments: [scaler, command],
    options: settings,
    examples: [
      {
        words: "scaler create crew --max 5 -- node worker.ts",
        does: "none without work, up to five with it",
      },
      {
        words: "scaler create crew --min 2 --window '0 22 * * * to 0 6 * * * = 0..0' -- node worker.ts",
        does: "all sleep at night, but one for what comes",
      },
      {
        words: "scaler create crew --image registry.example.com/crew:3 --limit cpu=1 --max 5",
        does: "containers of Docker or Podman",
      },
      {
        words: "scaler create crew --workload agents/Deployment/crew --max 20",
        does: "replicas in Kubernetes",
      },
    ],
    json: "document",
    load: () => import("../../commands/scaler-write.ts").then(({ createScaler }) => createScaler),
  },
  {
    name: "scaler update",
    group: "installation",
    summary: "changes what is said, and nothing else",
    arguments: [scaler, command],
    options: [...settings, { name: "resumed", summary: "decides again after a pause" }, reason],
    json: "document",
    load: () => import("../../commands/scaler-write.ts").then(({ updateScaler }) => updateScaler),
  },
  {
    name: "scaler delete",
    group: "installation",
    summary: "removes a scaler; its agents finish what they have, and go",
    arguments: [scaler],
    options: [pool, reason],
    json: "document",
    load: () => import("../../commands/scaler-write.ts").then(({ deleteScaler }) => deleteScaler),
  },
];

export const agentCommands: readonly Command[] = [...agents, ...scalers];
