/** Derives the texts of the page of a mission. */
import type {
  Amounts,
  BoardTask,
  Budget,
  Cause,
  MessageTarget,
  Mission,
  TaskCounts,
  TieRule,
  Vote,
  VoteRule,
} from "@tutti/rest/types";
import { count, counted, figure, percent, span } from "../../elements/moments.ts";
import type { Steering } from "../../elements/steering.ts";

const titleMax = 120;

/** Returns the title, else the first line of the goal, else the definition. Empty if the mission has only an id. */
export function titleOf({ spec, definition = "" }: Pick<Mission, "spec" | "definition">): string {
  const { title = "", goal = "" } = spec ?? {};
  const [line = ""] = goal.trim().split("\n");
  const found = title || line || definition;
  return found.length > titleMax ? `${found.slice(0, titleMax - 1)}…` : found;
}

export function hasEnded({ endTimeMs = 0 }: Pick<Mission, "endTimeMs">): boolean {
  return endTimeMs > 0;
}

/** Returns how many tasks are over, however they ended. */
export function tasksOver(counts: TaskCounts = {}): number {
  const { completed = 0, failed = 0, skipped = 0, cancelled = 0, compensated = 0 } = counts;
  return completed + failed + skipped + cancelled + compensated;
}

export interface BudgetLine {
  readonly name: string;
  /** Undefined where there is no limit. */
  readonly limit: number | undefined;
  readonly used: number;
  readonly reserved: number;
  readonly left: number;
  readonly written: (amount: number) => string;
}

const amounts = [
  { kind: "tokens", name: "Tokens", written: count },
  { kind: "money", name: "Money", written: figure },
  { kind: "timeMs", name: "Time", written: span },
] as const satisfies readonly { kind: keyof Amounts; name: string; written: (amount: number) => string }[];

/** One for each amount that is limited or was used. */
export function budgetLines(budget: Budget | undefined): readonly BudgetLine[] {
  const { limit, spent, reserved, available } = budget ?? {};
  return amounts.flatMap(({ kind, name, written }) => {
    const most = limit?.[kind] ?? 0;
    const [used, reservedAmount] = [spent?.[kind] ?? 0, reserved?.[kind] ?? 0];
    if (most === 0 && used === 0 && reservedAmount === 0) return [];
    const isLimited = most > 0;
    return [
      {
        name,
        written,
        used,
        reserved: reservedAmount,
        limit: isLimited ? most : undefined,
        left: isLimited ? (available?.[kind] ?? Math.max(0, most - used - reservedAmount)) : 0,
      },
    ];
  });
}

/** Returns the used share of the budget that is nearest to its limit. Undefined without budgets. */
export function budgetShare(budget: Budget | undefined): number | undefined {
  const shares = budgetLines(budget).flatMap(({ limit, used }) =>
    limit === undefined ? [] : [used / limit],
  );
  return shares.length === 0 ? undefined : Math.max(...shares);
}

export function budgetText({ limit, used, reserved, left, written }: BudgetLine): string {
  const reservedText = reserved > 0 ? `, ${written(reserved)} reserved` : "";
  if (limit === undefined) return `${written(used)} used${reservedText}, without limit`;
  return `${written(used)} of ${written(limit)} used, ${percent(used / limit)}${reservedText}, ${written(left)} left`;
}

export function targetText(to: MessageTarget | undefined): string {
  if (to?.agentId) return to.agentId;
  if (to?.role) return `role ${to.role}`;
  if (to?.topic) return `topic ${to.topic}`;
  return "all agents";
}

export function actorOf(cause: Cause | undefined): string {
  return cause?.actor?.id ?? "";
}

const rules: Readonly<Record<VoteRule, string>> = {
  unspecified: "more than half",
  majority: "more than half",
  plurality: "the most",
  unanimous: "unanimous",
  two_thirds: "two thirds",
  ranked: "by ranks",
};

const ties: Readonly<Partial<Record<TieRule, string>>> = {
  leader: "ties: leader decides",
  first: "ties: first option wins",
  approval: "ties: person decides",
};

/** Describes the rule of a vote: `more than half, at least 50 % of the voters`. */
export function ruleText({ rule = "unspecified", quorum = 0, tie = "unspecified", role = "" }: Vote): string {
  return [
    rules[rule] ?? rule.replaceAll("_", " "),
    quorum > 0 ? `at least ${percent(quorum)} of the voters` : "",
    role === "" ? "" : `role ${role}`,
    ties[tie] ?? "",
  ]
    .filter(Boolean)
    .join(", ");
}

export interface Tallied {
  readonly option: string;
  readonly description: string;
  readonly weight: number;
  /** Share of the total weight of the votes. */
  readonly share: number;
  /** Who chose it first, as far as that may be seen. */
  readonly by: readonly string[];
}

/** Each option in its place, with the weight of those who chose it first. Of a closed vote as it was decided. */
export function tallied({ options, ballots, weights = {}, outcome }: Vote): readonly Tallied[] {
  const chosenFirst = (option: string) => ballots.filter(({ ranking }) => ranking[0] === option);
  const lines = options.map(({ option = "", description = "" }) => {
    const by = chosenFirst(option).map(({ agentId = "" }) => agentId);
    const cast = by.reduce((sum, agent) => sum + (weights[agent] ?? 1), 0);
    return { option, description, by, weight: outcome?.weights[option] ?? cast };
  });
  const totalWeight = lines.reduce((sum, { weight }) => sum + weight, 0);
  return lines.map((line) => ({ ...line, share: totalWeight === 0 ? 0 : line.weight / totalWeight }));
}

/** When it closes by itself. Undefined if it stays open until the user closes it. */
export function deadlineOf({ openTimeMs = 0, timeoutMs = 0, outcome }: Vote): number | undefined {
  return outcome === undefined && timeoutMs > 0 ? openTimeMs + timeoutMs : undefined;
}

/** Names the work of a task: a capability, a child run or a child mission. */
export function doneBy({ spec }: Pick<BoardTask, "spec">): string {
  const { capability = "", workflow, mission } = spec ?? {};
  return capability || (workflow?.name ? `workflow ${workflow.name}` : (mission?.name ?? ""));
}

export interface TaskFilter {
  /** Matches the id, the title, the capability or the agent of a task. */
  readonly text: string;
  /** Empty for any. */
  readonly state: string;
}

export function isMatchingTask(task: BoardTask, { text, state }: TaskFilter): boolean {
  if (state !== "" && task.status !== state) return false;
  const searched = [task.spec?.id, task.spec?.title, doneBy(task), task.claim?.agentId]
    .join(" ")
    .toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((term) => searched.includes(term));
}

/** Returns a value in one line. A longer one is cut. */
export function inLine(value: unknown, most = 160): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

const pause: Steering = {
  verb: "pause",
  label: "Pause",
  weight: "plain",
  question: "Running tasks finish. No new tasks start until you resume.",
  doneText: "Paused. Running tasks finish, no new tasks start.",
};
const resume: Steering = {
  verb: "resume",
  label: "Resume",
  weight: "main",
  question: "Tasks are assigned again.",
  doneText: "Resumed.",
};
const cancel: Steering = {
  verb: "cancel",
  label: "Cancel",
  weight: "grave",
  question: "Stops running tasks, also in child runs and missions. You cannot undo this.",
  doneText: "Cancelling.",
};
const terminate: Steering = {
  verb: "terminate",
  label: "Terminate",
  weight: "grave",
  question: "The mission ends at once. No compensation runs.",
  doneText: "Terminated.",
};

/** In the order of the buttons: helpful actions first, final ones last. */
export function actionsOf(mission: Pick<Mission, "status" | "endTimeMs">): readonly Steering[] {
  if (hasEnded(mission)) return [];
  switch (mission.status) {
    case "paused":
      return [resume, cancel, terminate];
    case "cancelling":
      return [terminate];
    default:
      return [pause, cancel, terminate];
  }
}

/** `1,200 tokens, money 0.4`. Empty where nothing was used. */
export function usageText({ tokens = 0, money = 0, timeMs = 0 }: Amounts = {}): string {
  return [
    tokens > 0 ? counted(tokens, "token") : "",
    money > 0 ? `money ${figure(money)}` : "",
    timeMs > 0 ? span(timeMs) : "",
  ]
    .filter(Boolean)
    .join(", ");
}

/** Returns the number of tasks per state, the largest first. */
export function statesOf(
  tasks: readonly { readonly status: string }[],
): readonly (readonly [state: string, many: number])[] {
  const counts = new Map<string, number>();
  for (const { status } of tasks) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one);
}
