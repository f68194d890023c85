import type { Argument, Command } from "../../command/declaration.ts";
import { all, page, reason, since, size, yes } from "../../command/options.ts";

const id: Argument = { name: "ID", summary: "recommendation id" };
const advice = () => import("./advice.ts");

export const adviceCommands: readonly Command[] = [
  {
    name: "advice list",
    group: "installation",
    summary: "List recommendations, greatest gain first",
    about: ["Lists those that are open or on trial. With --all: also those that are decided."],
    options: [
      { name: "workflow", short: "w", value: "NAME", completes: "workflow", summary: "only this workflow" },
      { name: "pool", value: "NAME", summary: "pool" },
      ...[size, page, all],
    ],
    json: "document",
    load: () => advice().then(({ listAdvice }) => listAdvice),
  },
  {
    name: "advice find",
    group: "installation",
    summary: "Search recorded runs of a workflow, or tasks of a pool, for recommendations",
    about: [
      "Reads completed runs of the latest version, and replays them with each change. With --pool: replays the tasks of the last hour with each strategy. The service also does both automatically, every hour by default.",
    ],
    arguments: [
      { name: "NAME", summary: "name of a registered workflow", completes: "workflow", isOptional: true },
    ],
    options: [
      { name: "pool", value: "NAME", summary: "pool" },
      { name: "runs", value: "N", summary: "number of runs. Default: 100" },
      since,
    ],
    examples: [
      { words: "advice find order", does: "search the runs of a workflow" },
      { words: "advice find --pool gpu --since 2h", does: "replay a pool with each strategy" },
    ],
    json: "document",
    load: () => advice().then(({ findAdvice }) => findAdvice),
  },
  {
    name: "advice show",
    group: "installation",
    summary: "Show a recommendation with evidence, gain, risk, change and trial",
    arguments: [id],
    json: "document",
    load: () => advice().then(({ showAdvice }) => showAdvice),
  },
  {
    name: "advice apply",
    group: "installation",
    summary: "Apply a recommendation to a part of the new runs",
    about: [
      "The service compares both versions after 20, 40, 80 and 160 runs of each. It gives the recommended version all new runs if it is faster and nothing got worse. Otherwise it rolls the version back.",
      "A pool chooses by both strategies in turn, for `orchestration.master.adviceSpanMs` each. Default: 5 minutes.",
    ],
    arguments: [id],
    options: [
      { name: "percent", value: "N", summary: "percentage of new work for the version. Default: 20" },
      reason,
      yes,
    ],
    confirm: (values) => `Start the trial of ${values.argument("ID")}?`,
    json: "document",
    load: () => advice().then(({ applyAdvice }) => applyAdvice),
  },
  {
    name: "advice dismiss",
    group: "installation",
    summary: "End a recommendation that is open or on trial",
    about: ["A trial is rolled back. The same recommendation is not made again for 7 days."],
    arguments: [id],
    options: [reason],
    json: "document",
    load: () => advice().then(({ dismissAdvice }) => dismissAdvice),
  },
];
