/** Plays the rules with a worker, and says which it keeps. */
import { systemClock } from "@tutti/kernel";
import type { TransportName } from "./doors/door.ts";
import type { Rule } from "./rule.ts";
import { deliveryRules } from "./rules/delivery.ts";
import { endRules } from "./rules/ends.ts";
import { failureRules } from "./rules/failures.ts";
import { greetingRules } from "./rules/greeting.ts";
import { leaveRules } from "./rules/leave.ts";
import { rareRules } from "./rules/rare.ts";
import { workRules } from "./rules/work.ts";
import { type LaunchWorker, Stage } from "./stage.ts";
import { Unmet } from "./unmet.ts";

export const conformanceRules: readonly Rule[] = [
  ...greetingRules,
  ...workRules,
  ...failureRules,
  ...endRules,
  ...deliveryRules,
  ...leaveRules,
  ...rareRules,
];

/** What became of one rule. */
export interface RuleReport {
  readonly id: string;
  readonly rule: string;
  readonly kept: boolean;
  readonly tookMs: number;
  /** Of a rule that was not kept. */
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;
  /** What the worker printed meanwhile. */
  readonly printed: string;
}

export interface ConformanceOptions {
  /** Starts a worker. Called once per rule. */
  readonly launch: LaunchWorker;
  /** Only these rules. All unless given. */
  readonly only?: readonly string[];
  /** By what all waiting is multiplied, for slow machines. 1 unless given. */
  readonly patience?: number;
  /** What the worker links itself over. gRPC unless given. Rules that say nothing about it are left out. */
  readonly transport?: TransportName;
  /** How many rules are played at a time, each with a worker of its own. 1 unless given. Most of a rule is waiting. */
  readonly concurrency?: number;
  /** Hears of each rule as soon as it was played. */
  readonly onReport?: (report: RuleReport) => void;
}

export async function checkConformance(options: ConformanceOptions): Promise<readonly RuleReport[]> {
  const { launch, only, patience = 1, transport = "grpc", concurrency = 1, onReport } = options;
  const unknown = only?.find((id) => !conformanceRules.some((rule) => rule.id === id));
  if (unknown !== undefined) {
    const ids = conformanceRules.map(({ id }) => id).join(", ");
    throw new Error(`expected one of the rules ${ids}; found ${unknown}`);
  }
  const rules = conformanceRules.filter(
    ({ id, transports }) =>
      (only === undefined || only.includes(id)) &&
      (transports === undefined || transports.includes(transport)),
  );
  const reports: RuleReport[] = [];
  const waiting = [...rules.entries()];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, rule] = next;
      const report = await play(rule, new Stage(launch, { patience, transport }));
      reports[index] = report;
      onReport?.(report);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return reports;
}

async function play(rule: Rule, stage: Stage): Promise<RuleReport> {
  const sinceMs = systemClock.monotonic();
  let unmet: Unmet | undefined;
  try {
    await stage.open();
    await rule.play(stage);
    // What always holds was broken in passing.
    unmet = stage.links.find(({ violation }) => violation !== undefined)?.violation;
  } catch (error) {
    if (!(error instanceof Unmet)) throw error;
    unmet = error;
  } finally {
    await stage.close();
  }
  return {
    id: rule.id,
    rule: rule.rule,
    kept: unmet === undefined,
    tookMs: Math.round(systemClock.monotonic() - sinceMs),
    expected: unmet?.expected ?? "",
    found: unmet?.found ?? "",
    remedy: unmet === undefined ? "" : unmet.remedy || rule.remedy,
    printed: stage.printed,
  };
}
