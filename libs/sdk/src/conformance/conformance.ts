/** Plays the rules with a worker, and reports which of them it keeps. */
import { systemClock } from "@tutti/kernel";
import type { TransportName } from "./endpoints/endpoint.ts";
import type { Rule } from "./rule.ts";
import { deliveryRules } from "./rules/delivery.ts";
import { disconnectRules } from "./rules/disconnect.ts";
import { endRules } from "./rules/ends.ts";
import { failureRules } from "./rules/failures.ts";
import { greetingRules } from "./rules/greeting.ts";
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
  ...disconnectRules,
  ...rareRules,
];

/** Result of one rule. */
export interface RuleReport {
  readonly id: string;
  readonly rule: string;
  readonly kept: boolean;
  readonly tookMs: number;
  /** The expectation, for a rule that was not kept. */
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;
  /** Output of the worker during the rule. */
  readonly printed: string;
}

export interface ConformanceOptions {
  /** Starts a worker. Called once per rule. */
  readonly launch: LaunchWorker;
  /** Ids of the rules to play. Default: all. */
  readonly only?: readonly string[];
  /** Factor for all timeouts, for slow machines. Default: 1. */
  readonly patience?: number;
  /** Transport of the worker's link. Rules of other transports are left out. Default: gRPC. */
  readonly transport?: TransportName;
  /** Number of concurrent rules, each with its own worker. Most of a rule is waiting. Default: 1. */
  readonly concurrency?: number;
  /** Called for each rule as soon as it was played. */
  readonly onReport?: (report: RuleReport) => void;
}

export async function checkConformance(options: ConformanceOptions): Promise<readonly RuleReport[]> {
  const { launch, only, patience = 1, transport = "grpc", concurrency = 1, onReport } = options;
  const unknown = only?.find((id) => !conformanceRules.some((rule) => rule.id === id));
  if (unknown !== undefined) {
    const ids = conformanceRules.map(({ id }) => id).join(", ");
    throw new Error(`expected one of the rules ${ids}, got ${unknown}`);
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
    // The worker broke one of the rules that always hold.
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
