/**
 * Rules that every installation has, in the namespace `system`. Each can be changed and disabled. They evaluate metrics
 * of all processes when samples are recorded.
 */
import { Aggregation, AlertRule } from "@tutti/contracts/insight/v1";
import { Severity } from "@tutti/contracts/types/v1";

const { AGGREGATION_MAX, AGGREGATION_MEAN, AGGREGATION_MIN, AGGREGATION_SUM, AGGREGATION_INCREASE } =
  Aggregation;
const { AGGREGATION_QUANTILE, AGGREGATION_LAST, AGGREGATION_RATE } = Aggregation;
const { SEVERITY_WARNING, SEVERITY_ERROR, SEVERITY_CRITICAL } = Severity;
const minuteMs = 60_000;

type Query = Parameters<typeof AlertRule.fromPartial>[0]["queries"];

const most = { overTime: AGGREGATION_MAX, overSeries: AGGREGATION_MAX };
const least = { overTime: AGGREGATION_MIN, overSeries: AGGREGATION_MIN };
const increase = { overTime: AGGREGATION_INCREASE, overSeries: AGGREGATION_SUM };
/** Excludes gauges of processes that have ended in the window. */
const now = { overTime: AGGREGATION_LAST, overSeries: AGGREGATION_SUM };
const equals = (labels: Readonly<Record<string, string>>) => ({
  labels: { equals: labels, exists: [], absent: [] },
});

interface BuiltIn {
  readonly ruleId: string;
  /** A gauge of a count is its mean over 10 s: 4.8 while it changes from 4 to 5. */
  readonly title: string;
  readonly advice: string;
  readonly queries: NonNullable<Query>;
  readonly condition: string;
  readonly severity: Severity;
  readonly holdMs?: number;
  readonly windowMs?: number;
  /** Rules that name the cause of this rule's alert. */
  readonly inhibitedBy?: readonly string[];
}

const rules: readonly BuiltIn[] = [
  {
    ruleId: "runs-fail",
    title: "Runs fail: ${{ int(failed + 0.5) }} of ${{ int(ended + 0.5) }} in 5 minutes",
    advice:
      "See the errors: `tutti list --state failed`, then `tutti why RUN`. Retry after the fix: `tutti retry --state failed`.",
    queries: [
      {
        queryId: "failed",
        metric: "tutti_workflow_runs_ended_total",
        ...equals({ status: "failed" }),
        ...increase,
      },
      { queryId: "ended", metric: "tutti_workflow_runs_ended_total", ...increase },
    ],
    // An increase is a sum of rounded rates: five failures can be 4.99.
    condition: "failed >= 4.5 && failed / ended > 0.1",
    severity: SEVERITY_ERROR,
    windowMs: 5 * minuteMs,
  },
  {
    ruleId: "no-workers",
    title: "Tasks wait, and no worker is connected",
    advice: "Start a worker, or find out why no worker is connected: `tutti agent list`, `tutti doctor`.",
    queries: [
      { queryId: "waiting", metric: "tutti_swarm_tasks", ...equals({ state: "queued" }), ...now },
      { queryId: "agents", metric: "tutti_swarm_agents", ...now },
    ],
    condition: "waiting > 0.0 && (agents == null || agents == 0.0)",
    severity: SEVERITY_ERROR,
    holdMs: minuteMs,
  },
  {
    ruleId: "queue-grows",
    title: "${{ int(waiting + 0.9) }} tasks have been waiting for 10 minutes",
    advice: "Start more workers, or raise their concurrency. `tutti pool list` shows which pool is full.",
    queries: [
      {
        queryId: "waiting",
        metric: "tutti_swarm_tasks",
        ...equals({ state: "queued" }),
        overTime: AGGREGATION_MIN,
        overSeries: AGGREGATION_SUM,
      },
    ],
    condition: "waiting > 100.0",
    inhibitedBy: ["no-workers"],
    severity: SEVERITY_WARNING,
    windowMs: 10 * minuteMs,
    holdMs: minuteMs,
  },
  {
    ruleId: "disk-full",
    title: "The disk of ${{ labels.process }} has ${{ free }} bytes left",
    advice:
      "Free space on the disk of the data directory, or move it to a larger one. Processes stop accepting work before the disk is full.",
    queries: [{ queryId: "free", metric: "tutti_journal_disk_free_bytes", overTime: AGGREGATION_MIN }],
    condition: "free < 1073741824.0",
    severity: SEVERITY_CRITICAL,
  },
  {
    ruleId: "process-down",
    title: "${{ int(expired + 0.5) }} instances of services stopped without a shutdown",
    advice:
      "The log of a stopped process has the reason. `tutti instances` lists the instances that run now. The alert ends 5 minutes after the last stop.",
    queries: [
      {
        queryId: "expired",
        metric: "tutti_registry_removals_total",
        ...equals({ cause: "lease-expired" }),
        ...increase,
      },
    ],
    condition: "expired >= 0.5",
    severity: SEVERITY_ERROR,
    windowMs: 5 * minuteMs,
  },
  {
    ruleId: "unhealthy",
    title: "`${{ labels.orchestrator }}` of ${{ labels.process }} is unhealthy",
    advice: "`tutti status` names the component and its reason.",
    queries: [{ queryId: "health", metric: "tutti_orchestrator_health_severity", overTime: AGGREGATION_MIN }],
    condition: "health >= 2.0",
    severity: SEVERITY_CRITICAL,
    // A short start raises no alert.
    holdMs: minuteMs / 2,
  },
  {
    ruleId: "degraded",
    title: "`${{ labels.orchestrator }}` of ${{ labels.process }} has been degraded for 5 minutes",
    advice: "`tutti status` names the component and its reason.",
    queries: [{ queryId: "health", metric: "tutti_orchestrator_health_severity", overTime: AGGREGATION_MIN }],
    condition: "health >= 1.0 && health < 2.0",
    severity: SEVERITY_WARNING,
    holdMs: 5 * minuteMs,
  },
  {
    ruleId: "machines-quarantined",
    title: "${{ int(quarantined + 0.9) }} machines of ${{ labels.service }} are quarantined",
    advice:
      "A machine is quarantined if its history cannot be read. `tutti doctor` names the instance and the repair.",
    queries: [
      {
        queryId: "quarantined",
        metric: "tutti_runtime_machines_quarantined",
        groupBy: ["service"],
        overTime: AGGREGATION_LAST,
        overSeries: AGGREGATION_SUM,
      },
    ],
    condition: "quarantined > 0.0",
    severity: SEVERITY_ERROR,
  },
  {
    ruleId: "agents-quarantined",
    title: "${{ int(quarantined + 0.9) }} supervised workers crash and are not started again",
    advice:
      "See which, and why: `tutti agent list`, `tutti scaler list`. After the fix, start it again: `tutti agent release AGENT`.",
    queries: [{ queryId: "quarantined", metric: "tutti_swarm_agents_quarantined", ...now }],
    condition: "quarantined > 0.0",
    severity: SEVERITY_ERROR,
  },
  {
    ruleId: "index-behind",
    title: "The index of ${{ labels.service }} is ${{ lag }} s behind",
    advice:
      "Lists and searches are late. The disk is too slow, or the process has too little of a processor.",
    queries: [{ queryId: "lag", metric: "tutti_runtime_index_lag_seconds", groupBy: ["service"], ...most }],
    condition: "lag > 60.0",
    severity: SEVERITY_WARNING,
    holdMs: 2 * minuteMs,
  },
  {
    ruleId: "event-loop-slow",
    title: "The event loop of ${{ labels.process }} lags by ${{ lag }} s",
    advice: "The process has more work than a processor does. Add a process, or see `tutti top`.",
    queries: [{ queryId: "lag", metric: "nodejs_eventloop_lag_p99_seconds", overTime: AGGREGATION_MEAN }],
    condition: "lag > 0.5",
    severity: SEVERITY_WARNING,
    holdMs: 5 * minuteMs,
  },
  {
    ruleId: "heap-exhausted",
    title: "${{ labels.process }} collects garbage for ${{ int(100.0 * paused + 0.5) }} % of its time",
    advice:
      "Its JavaScript heap is almost full. Give the process more memory, or a larger `--max-old-space-size`.",
    queries: [{ queryId: "paused", metric: "nodejs_gc_seconds_total", overTime: AGGREGATION_RATE }],
    condition: "paused > 0.3",
    severity: SEVERITY_ERROR,
    holdMs: 2 * minuteMs,
  },
  {
    ruleId: "files-exhausted",
    title: "${{ labels.process }} has ${{ open }} of ${{ max }} file descriptors open",
    advice: "Raise the limit of open files of the process (`LimitNOFILE` of systemd, `ulimit -n`).",
    queries: [
      { queryId: "open", metric: "process_open_fds", overTime: AGGREGATION_MAX },
      { queryId: "max", metric: "process_max_fds", overTime: AGGREGATION_LAST },
    ],
    condition: "open / max > 0.9",
    severity: SEVERITY_ERROR,
  },
  {
    ruleId: "calls-slow",
    title: "Calls to ${{ labels.service }} take ${{ p99 }} s (p99)",
    advice: "See the load of the service: `tutti top`.",
    queries: [
      {
        queryId: "p99",
        metric: "tutti_mesh_call_duration_seconds",
        groupBy: ["service"],
        ...equals({ side: "server", method: "StartRun" }),
        overTime: AGGREGATION_QUANTILE,
        quantile: 0.99,
        overSeries: AGGREGATION_MAX,
      },
    ],
    condition: "p99 > 2.0",
    inhibitedBy: ["unhealthy"],
    severity: SEVERITY_WARNING,
    holdMs: 2 * minuteMs,
  },
  {
    ruleId: "breaker-open",
    title: "The breaker to ${{ labels.service }} opened",
    advice: "Instances of the service do not answer: `tutti instances`, `tutti status`.",
    queries: [
      { queryId: "opened", metric: "tutti_mesh_breaker_opened_total", groupBy: ["service"], ...increase },
    ],
    condition: "opened >= 0.5",
    inhibitedBy: ["process-down"],
    severity: SEVERITY_WARNING,
    windowMs: 5 * minuteMs,
  },
  {
    ruleId: "nats-disconnected",
    title: "A process has no connection to NATS",
    advice: "See that NATS runs and can be reached. Processes reconnect by themselves.",
    queries: [{ queryId: "connected", metric: "tutti_nats_connected", ...least }],
    condition: "connected == 0.0",
    severity: SEVERITY_CRITICAL,
    // A short start raises no alert.
    holdMs: minuteMs / 2,
  },
  {
    ruleId: "events-dead",
    title:
      "${{ int(abandoned + 0.5) }} events of `${{ labels.subscription }}` were dropped after their last delivery",
    advice: "The handler of the subscription fails. Its errors are in the log of the service.",
    queries: [
      {
        queryId: "abandoned",
        metric: "tutti_bus_events_abandoned_total",
        groupBy: ["subscription"],
        ...increase,
      },
    ],
    condition: "abandoned >= 0.5",
    severity: SEVERITY_WARNING,
    windowMs: 10 * minuteMs,
  },
  {
    ruleId: "notifications-dead",
    title:
      "Alert notifications of namespace ${{ labels.namespace }} are dead letters: ${{ int(dead + 0.9) }}",
    advice:
      "`tutti alert notifications -n ${{ labels.namespace }}` shows the reason. Correct the receiver, then `tutti alert retry -n ${{ labels.namespace }}`.",
    queries: [
      {
        queryId: "dead",
        metric: "tutti_insight_alert_notifications_dead",
        groupBy: ["namespace"],
        ...now,
      },
    ],
    condition: "dead > 0.0",
    severity: SEVERITY_ERROR,
  },
];

/** The page of the documentation that every installation has. */
const runbooks = "/docs/guides/runbooks.html";

/** Builds the built-in rules. Receivers, escalation and dashboard address come from the configuration. */
export function builtInRules(
  receivers: readonly string[],
  escalation: string,
  dashboardUrl: string = "",
): AlertRule[] {
  const base = dashboardUrl.replace(/\/+$/, "");
  return rules.map((rule) =>
    AlertRule.fromPartial({
      everyMs: minuteMs,
      ...rule,
      advice: `${rule.advice} Runbook: ${base}${runbooks}#${rule.ruleId}`,
      inhibitedBy: [...(rule.inhibitedBy ?? [])],
      receivers: [...receivers],
      escalation,
    }),
  );
}
