/** Derives the state and the requests of the page of reports. */
import { queryOptions } from "@tanstack/react-query";
import type { Routes } from "@tutti/rest/types";
import { read } from "../../data/queries.ts";
import { commandLine, pathOf } from "../../elements/spelled.ts";
import type { Value } from "../explore/result.ts";

export interface ReportsSearch {
  /** The report that is shown. */
  readonly id?: string;
}

export function reportsSearch({ id }: Readonly<Record<string, unknown>>): ReportsSearch {
  return typeof id === "string" && id !== "" ? { id } : {};
}

export interface Section {
  readonly title: string;
  readonly text: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
  readonly cut: boolean;
  readonly problem?: string;
}

type Kind = NonNullable<Routes["workReports.create"]["body"]["kind"]>;
export type Reply = Routes["workReports.get"]["reply"];

export const kinds = ["namespace", "team", "workflow", "framework"] as const satisfies readonly Kind[];
export const covers = { "1d": 1, "7d": 7, "30d": 30, "90d": 90 } as const;
export const files = [
  ["html", "HTML", "html"],
  ["pdf", "PDF", "pdf"],
  ["markdown", "Markdown", "md"],
  ["csv", "CSV", "csv"],
] as const;

export interface Draft {
  readonly kind: (typeof kinds)[number];
  readonly subject: string;
  readonly covers: keyof typeof covers;
  readonly schedule: string;
  readonly cron: string;
}

export const emptyDraft: Draft = { kind: "namespace", subject: "", covers: "7d", schedule: "", cron: "" };
const dayMs = 86_400_000;

/** Problems of a draft, by field. */
export function problemsOf({ kind, subject, schedule, cron }: Draft): { subject?: string; cron?: string } {
  return {
    ...(kind !== "namespace" && subject.trim() === "" && { subject: `Enter the name of the ${kind}.` }),
    ...(schedule.trim() !== "" &&
      cron.trim() === "" && { cron: "Enter a cron expression, such as 0 7 * * MON." }),
  };
}

export function bodyOf({ kind, subject, covers: covered, schedule, cron }: Draft) {
  return {
    kind,
    spanMs: covers[covered] * dayMs,
    ...(kind !== "namespace" && { subject: subject.trim() }),
    ...(schedule.trim() !== "" && { schedule: schedule.trim(), cron: cron.trim() }),
  };
}

export function createCommand({ kind, subject, covers: covered, schedule, cron }: Draft): string {
  return commandLine(
    ...["tutti", "report", "create", kind, ...(kind === "namespace" ? [] : [subject.trim() || "SUBJECT"])],
    ...["--covers", covered],
    ...(schedule.trim() === "" ? [] : ["--schedule", schedule.trim(), "--cron", cron.trim() || "CRON"]),
  );
}

/** The sections are JSON of insight. Fields of a newer version are left out. */
export function sectionsOf({ report }: Reply): readonly Section[] {
  return Array.isArray(report?.sections) ? (report.sections as readonly Section[]) : [];
}

const refetchMs = 2_000;
const isActive = (status: string | undefined) => status === "pending" || status === "running";

export const reportsPath = pathOf(["reports"]);

export const reportsQuery = () =>
  queryOptions({
    queryKey: ["reports"],
    queryFn: ({ signal }) => read<Routes["workReports.list"]["reply"]>(reportsPath, signal),
    refetchInterval: ({ state }) =>
      state.data?.reports.some(({ status }) => isActive(status)) === true ? refetchMs : false,
  });

export const reportPath = (id: string, format?: string): string => pathOf(["reports", id], { format });

export const reportQuery = (id: string) =>
  queryOptions({
    queryKey: ["reports", id],
    queryFn: ({ signal }) => read<Reply>(reportPath(id), signal),
    refetchInterval: ({ state }) => (isActive(state.data?.report?.status) ? refetchMs : false),
  });
