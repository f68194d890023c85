import { queryOptions } from "@tanstack/react-query";
import type { Routes } from "@tutti/rest/types";
import { read } from "../../data/queries.ts";
import { nowMs } from "../../effects/time.ts";
import { commandLine, pathOf } from "../../elements/spelled.ts";
import { type AnalysisSearch, defaultSpan, spans } from "./search.ts";

/** An analysis reads up to 20,000 runs: an answer counts for a while. */
const staleTime = 60_000;
const bottlenecksMax = 20;

export type AnalysisPart = "bottlenecks" | "causes" | "slow" | "patterns" | "profile";

export function analysisPath(
  part: AnalysisPart,
  { span = defaultSpan, workflow }: AnalysisSearch,
  atMs: number,
): string {
  const fromMs = atMs - spans[span].ms;
  switch (part) {
    case "bottlenecks":
      return pathOf(["analysis", part], { definition: workflow, count: bottlenecksMax, fromMs });
    case "causes":
      return pathOf(["analysis", part], { errorCode: "*", fromMs });
    case "slow":
      return pathOf(["analysis", "causes"], { slowDefinition: workflow, fromMs });
    case "patterns":
      return pathOf(["analysis", part], { definition: workflow, fromMs });
    case "profile":
      return pathOf(["analysis", "profiles", workflow ?? ""], { fromMs });
  }
}

export function analysisCommand(
  part: AnalysisPart,
  { span = defaultSpan, workflow }: AnalysisSearch,
): string {
  const since = ["--since", span] as const;
  const named = workflow === undefined ? [] : ["--workflow", workflow];
  const args = {
    bottlenecks: ["bottlenecks", ...named],
    causes: ["causes"],
    slow: ["causes", "--slow-runs", workflow ?? ""],
    patterns: ["patterns", ...named],
    profile: ["profile", workflow ?? ""],
  };
  return commandLine("tutti", "analysis", ...args[part], ...since);
}

const found = <Answer>(part: AnalysisPart, search: AnalysisSearch) =>
  queryOptions({
    queryKey: ["analysis", { part, ...search }],
    queryFn: ({ signal }) => read<Answer>(analysisPath(part, search, nowMs()), signal),
    staleTime,
  });

export const bottlenecksQuery = (search: AnalysisSearch) =>
  found<Routes["analysis.bottlenecks"]["reply"]>("bottlenecks", search);
/** The causes in all workflows. */
export const causesQuery = ({ workflow: _, ...search }: AnalysisSearch) =>
  found<Routes["analysis.causes"]["reply"]>("causes", search);
export const slowQuery = (search: AnalysisSearch) =>
  found<Routes["analysis.causes"]["reply"]>("slow", search);
export const patternsQuery = (search: AnalysisSearch) =>
  found<Routes["analysis.patterns"]["reply"]>("patterns", search);
export const profileQuery = (search: AnalysisSearch) =>
  found<Routes["analysis.profile"]["reply"]>("profile", search);
