import type { Command, Option } from "../../command/declaration.ts";
import { since, size, until } from "../../command/options.ts";

const days = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const strategies = [
  ...["least_loaded", "fastest", "sticky", "round_robin", "consistent_hash", "cheapest", "auction"],
];
const findings = () => import("./findings.ts");
const workflow: Option = {
  name: "workflow",
  short: "w",
  value: "NAME",
  completes: "workflow",
  summary: "only this workflow",
};

export const analysisCommands: readonly Command[] = [
  {
    name: "analysis bottlenecks",
    group: "installation",
    summary: "Find the bottlenecks of runs",
    about: [
      "Reads the critical path of each run and mission that ended: waiting for an agent, running, retries, pauses. The gain is computed by replay, and is a lower bound.",
      "Without --since: the last hour.",
    ],
    options: [workflow, since, until, size],
    json: "document",
    load: () => findings().then(({ bottlenecks }) => bottlenecks),
  },
  {
    name: "analysis causes",
    group: "installation",
    summary: "Find common factors of failures",
    about: [
      "Groups errors by code and message, and contrasts them with attempts of the same tasks that did well: agent, version, pool, labels, library, caller. New versions that fail more often or take longer are listed too.",
      "Without --since: the last day.",
    ],
    options: [
      { name: "error", value: "CODE", summary: "only this error code. `*` matches any text" },
      { name: "like", value: "ID", summary: "failures with the error of this run or mission" },
      {
        name: "slow-runs",
        value: "WORKFLOW",
        completes: "workflow",
        summary: "explain slow attempts of this workflow instead of failures",
      },
      since,
      until,
    ],
    json: "document",
    load: () => findings().then(({ causes }) => causes),
  },
  {
    name: "analysis patterns",
    group: "installation",
    summary: "Find retry storms, failure sequences and failure rhythms",
    about: ["Without --since: the last seven days."],
    options: [workflow, since, until],
    json: "document",
    load: () => findings().then(({ patterns }) => patterns),
  },
  {
    name: "analysis profile",
    group: "installation",
    summary: "Show how the runs of a workflow go, task by task",
    about: ["Without --since: the last seven days."],
    arguments: [{ name: "WORKFLOW", summary: "workflow name", completes: "workflow" }],
    options: [since, until],
    json: "document",
    load: () => findings().then(({ profile }) => profile),
  },
  {
    name: "capacity",
    group: "installation",
    summary: "Show the agents that pools need for the forecast load, and when disks fill up",
    about: [
      "The load of an hour to come is that of the same hour in past weeks. Slots follow from Erlang's formula, for 99 of 100 tasks. Each past day is forecast from the days before it: the error is that of these forecasts.",
      "Without --weekday: the next seven days. Days are those of UTC. Without --wait-goal: 1s.",
    ],
    options: [
      { name: "weekday", value: "DAY", choices: days, summary: "the next day of this name" },
      { name: "pool", value: "NAME", summary: "pool. Default: all" },
      { name: "wait-goal", value: "SPAN", summary: "a task that waits longer misses its goal" },
      { name: "load", value: "FACTOR", summary: "work per time, as a multiple. Default: 1" },
    ],
    examples: [{ words: "capacity --weekday monday --wait-goal 1s", does: "plan the agents of Monday" }],
    json: "document",
    load: () => import("./capacity.ts").then(({ capacity }) => capacity),
  },
  {
    name: "whatif",
    group: "installation",
    summary: "Simulate recorded work with other workers, another strategy or more load",
    about: [
      "Replays the recorded work of a pool through its real queue in virtual time. First the past is replayed as it was. If p50 or p99 of the waits differ by more than 5 %, the command exits with 1. p99 counts from 500 tasks on.",
      "Without --since: the last seven days.",
    ],
    options: [
      { name: "pool", value: "NAME", summary: "pool. Default: default" },
      { name: "workers", value: "N", summary: "number of workers. Default: as it was" },
      { name: "slots-each", value: "N", summary: "slots of each worker. Default: as it was" },
      {
        name: "strategy",
        value: "NAME",
        choices: [...strategies, "all"],
        summary: "how the pool chooses an agent. Default: as the pool is set",
      },
      { name: "load", value: "FACTOR", summary: "work per time, as a multiple. Default: 1" },
      { name: "wait-goal", value: "SPAN", summary: "a task that waits longer misses its goal" },
      { name: "worker-price", value: "MONEY", summary: "price of a worker per hour" },
      since,
      until,
    ],
    examples: [
      { words: "whatif --since 7d --workers 40 --strategy fastest", does: "compare with 40 workers" },
      { words: "whatif --since 1d --load 2 --wait-goal 5s", does: "see who waits if twice as much comes" },
    ],
    json: "document",
    load: () => import("./what-if.ts").then(({ whatIf }) => whatIf),
  },
];
