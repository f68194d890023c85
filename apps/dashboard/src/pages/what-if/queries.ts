import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { ReplayPoolReply, Routes } from "@tutti/rest/types";
import { read } from "../../data/queries.ts";
import { nowMs } from "../../effects/time.ts";
import { counted } from "../../elements/moments.ts";
import { commandLine, pathOf } from "../../elements/spelled.ts";
import { spans } from "../analysis/search.ts";
import { defaultSpan, goals, type WhatIfSearch } from "./search.ts";

/** A replay plays the work of days: an answer counts for a while. */
const staleTime = 300_000;

export function replayPath({ span = defaultSpan, goal, ...search }: WhatIfSearch, atMs: number): string {
  const waitGoalMs = goal && goals[goal];
  return pathOf(["analysis", "replays"], { ...search, waitGoalMs, fromMs: atMs - spans[span].ms });
}

export function replayCommand({ span = defaultSpan, ...search }: WhatIfSearch): string {
  const { pool, workers, slots, load, strategy, goal } = search;
  const options = [
    ["--pool", pool],
    ["--workers", workers],
    ["--slots-each", slots],
    ["--load", load],
    ["--strategy", strategy],
    ["--wait-goal", goal],
  ] as const;
  const args = options.flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)]));
  return commandLine("tutti", "whatif", ...args, "--since", span);
}

/** Empty if the self-check compared p99. */
export function p99Text({ check, past }: Pick<ReplayPoolReply, "check" | "past">): string {
  if (check?.values?.some(({ name }) => name === "wait_p99") === true) return "";
  return ` p99 is not checked: ${counted(past?.tasks ?? 0, "task")} of at least 500 ${past?.tasks === 1 ? "was" : "were"} recorded.`;
}

export const replayQuery = (search: WhatIfSearch) =>
  queryOptions({
    queryKey: ["what-if", search],
    queryFn: ({ signal }) => read<Routes["analysis.replay"]["reply"]>(replayPath(search, nowMs()), signal),
    staleTime,
    placeholderData: keepPreviousData,
  });
