/** Objectives and their remaining error budgets. */
import type {
  KeptRule,
  ListObjectivesReply,
  ListObjectivesRequest,
  Objective,
  ObjectiveStanding,
} from "@tutti/contracts/insight/v1";
import { type CallContext, pageOf, type ReadOnly } from "@tutti/kernel";
import {
  burnRate,
  burnRates,
  eventsIn,
  labelSetsOf,
  periodMsOf,
  readsOf,
} from "@tutti/machine-alert/evaluation";
import { type RuleRead, ruleSeries } from "../rules/rule-series.ts";
import { type AlertDependencies, namespaceOf, snapshotOf } from "./dependencies.ts";

/** Approximate number of steps in which a period is read. */
const stepsOfPeriod = 720;
const minuteMs = 60_000;

export async function listObjectives(
  dependencies: AlertDependencies,
  { page, ...request }: ListObjectivesRequest,
  context: CallContext,
): Promise<ListObjectivesReply> {
  const namespace = namespaceOf(request, context);
  const { rules } = await snapshotOf(dependencies, namespace, context);
  const standings: ObjectiveStanding[] = [];
  for (const { rule } of rules) {
    if (rule?.objective === undefined || rule.disabled) continue;
    context.signal.throwIfAborted();
    standings.push(...(await standingsOf(dependencies, namespace, rule, rule.objective)));
  }
  standings.sort((one, other) => one.budgetLeft - other.budgetLeft || (nameOf(one) < nameOf(other) ? -1 : 1));
  const list = { list: ["objectives", namespace], keyOf: nameOf };
  const { items, nextToken } = pageOf(standings, list, page);
  return { objectives: items, page: { nextToken, total: standings.length } };
}

const nameOf = ({ ruleId, labels }: ObjectiveStanding): string =>
  `${ruleId} ${JSON.stringify(Object.entries(labels).sort())}`;

type Rule = NonNullable<ReadOnly<KeptRule>["rule"]>;

async function standingsOf(
  { thread, foundation }: AlertDependencies,
  namespace: string,
  rule: Rule,
  objective: ReadOnly<Objective>,
): Promise<readonly ObjectiveStanding[]> {
  const nowMs = foundation.clock.now();
  const periodMs = periodMsOf(objective);
  const stepMs = Math.max(minuteMs, Math.ceil(periodMs / stepsOfPeriod / minuteMs) * minuteMs);
  const read = (reads: readonly RuleRead[]) => ruleSeries(thread, namespace, rule, reads, nowMs);
  const recent = await read(readsOf(rule));
  const setOf = new Map(labelSetsOf(recent).map(({ labels, series }) => [keyOf(labels), series]));
  return labelSetsOf(await read([{ windowMs: periodMs, stepMs }])).map(({ labels, series }) => {
    const events = eventsIn(rule, series, { fromMs: nowMs - periodMs, toMs: nowMs });
    const rates = burnRates(rule, objective.goal, setOf.get(keyOf(labels)) ?? [], nowMs);
    return {
      ruleId: rule.ruleId,
      title: rule.title,
      labels: { ...labels },
      objective: { goal: objective.goal, periodMs },
      // The store keeps rates, so counts of whole events come back with a fraction.
      total: Math.round(events.total),
      bad: Math.round(events.bad),
      budgetLeft: 1 - burnRate(events, objective.goal),
      burnRates: Object.fromEntries(rates),
    };
  });
}

const keyOf = (labels: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(labels).sort());
