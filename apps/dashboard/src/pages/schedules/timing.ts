/** When a schedule fires, in words, and as it is made by a form. */
import type { Schedule, ScheduleInput, TimingRule } from "@tutti/rest/types";
import { span } from "../../elements/moments.ts";
import { commandLine } from "../../elements/spelled.ts";

function ruleText({ cron, interval, onceMs }: TimingRule, written: (atMs: number) => string): string {
  if (cron !== undefined && cron !== "") return cron;
  if (interval?.everyMs !== undefined) return `every ${span(interval.everyMs)}`;
  if (onceMs !== undefined) return `once, ${written(onceMs)}`;
  return "never";
}

export function timingText({ timing }: Pick<Schedule, "timing">, written: (atMs: number) => string): string {
  const { rules = [], timeZone = "" } = timing ?? {};
  // A cron expression needs its time zone.
  const zone = timeZone || (rules.some(({ cron = "" }) => cron !== "") ? "UTC" : "");
  const text = rules.map((rule) => ruleText(rule, written)).join(", ");
  return zone === "" ? text : `${text} (${zone})`;
}

export interface ScheduleDraft {
  readonly id: string;
  readonly description: string;
  readonly workflow: string;
  readonly kind: "cron" | "interval" | "once";
  readonly cron: string;
  readonly every: string;
  readonly once: string;
  readonly timeZone: string;
  readonly overlap: string;
  readonly paused: boolean;
}

export const emptySchedule: ScheduleDraft = {
  id: "",
  description: "",
  workflow: "",
  kind: "cron",
  cron: "0 9 * * 1-5",
  every: "5 min",
  once: "",
  timeZone: "",
  overlap: "skip",
  paused: false,
};

const unitsMs: Readonly<Record<string, number>> = {
  s: 1_000,
  sec: 1_000,
  min: 60_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `90 s`, `5 min`, `1 h 30 min` in milliseconds. Undefined where it is no span. */
export function durationMs(text: string): number | undefined {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)\s*/gi)];
  if (parts.length === 0 || parts.map(([match]) => match).join("") !== text.trim()) return undefined;
  let sum = 0;
  for (const [, many, unit = ""] of parts) {
    const ms = unitsMs[unit.toLowerCase()];
    if (ms === undefined) return undefined;
    sum += Number(many) * ms;
  }
  return sum;
}

export type ScheduleProblems = Readonly<Partial<Record<keyof ScheduleDraft, string>>>;

export function scheduleProblems(draft: ScheduleDraft): ScheduleProblems {
  const everyMs = durationMs(draft.every);
  return {
    ...(draft.id.trim() === "" ? { id: "Enter a name." } : {}),
    ...(draft.workflow === "" ? { workflow: "Select a workflow." } : {}),
    ...(draft.kind === "cron" && draft.cron.trim() === ""
      ? { cron: "Enter five fields, such as 0 9 * * 1-5." }
      : {}),
    ...(draft.kind === "interval" && (everyMs === undefined || everyMs < 1_000)
      ? { every: "Enter at least one second, such as 5 min or 1 h 30 min." }
      : {}),
    ...(draft.kind === "once" && Number.isNaN(Date.parse(draft.once))
      ? { once: "Enter a date and a time." }
      : {}),
  };
}

export function ruleOf(draft: ScheduleDraft): TimingRule {
  if (draft.kind === "interval") return { interval: { everyMs: durationMs(draft.every) ?? 0 } };
  if (draft.kind === "once") return { onceMs: Date.parse(draft.once) };
  return { cron: draft.cron.trim() };
}

export function scheduleBody(draft: ScheduleDraft, input: unknown): ScheduleInput {
  return {
    scheduleId: draft.id.trim(),
    ...(draft.description === "" ? {} : { description: draft.description }),
    timing: { rules: [ruleOf(draft)], ...(draft.timeZone === "" ? {} : { timeZone: draft.timeZone }) },
    run: { definition: { name: draft.workflow }, ...(input === undefined ? {} : { input }) },
    policy: { overlap: draft.overlap },
    ...(draft.paused ? { paused: true } : {}),
  } as ScheduleInput;
}

export function createCommand(draft: ScheduleDraft, input: unknown): string {
  const when =
    draft.kind === "cron"
      ? ["--cron", draft.cron.trim()]
      : draft.kind === "interval"
        ? ["--every", draft.every.replaceAll(/\s|in/g, "")]
        : ["--once", draft.once];
  return commandLine(
    "tutti",
    "schedule",
    "create",
    draft.id.trim() || "ID",
    draft.workflow || "WORKFLOW",
    ...when,
    ...(draft.timeZone === "" ? [] : ["--time-zone", draft.timeZone]),
    ...(draft.overlap === "skip" ? [] : ["--overlap", draft.overlap]),
    ...(draft.paused ? ["--paused"] : []),
    ...(input === undefined ? [] : ["--input", JSON.stringify(input)]),
  );
}

export const overlaps: readonly (readonly [value: string, word: string])[] = [
  ["skip", "skip"],
  ["queue_one", "start one afterwards"],
  ["queue_all", "start all in sequence"],
  ["cancel_other", "cancel the previous run"],
  ["terminate_other", "terminate the previous run"],
  ["allow", "run concurrently"],
];
