// @ts-check

// Writes the Grafana boards in `deploy/grafana/dashboards`: `node tools/boards.mjs && npx biome check --write deploy`.
// A test compares the files with this program, and each metric with docs/reference/metrics.md.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {{ title: string, unit: string, lines: Record<string, string>, about?: string }} Panel a chart, with each
 * line by its name
 * @typedef {{ uid: string, title: string, about: string, rows: Record<string, Panel[]> }} Board
 */

/** @type {Board[]} */
const boards = [
  {
    uid: "tutti-work",
    title: "Tutti: work",
    about: "Requested, running and waiting work.",
    rows: {
      Gateway: [
        {
          title: "Requests by status",
          unit: "reqps",
          lines: { "{{status}}": "sum by (status) (rate(tutti_gateway_requests_total[$__rate_interval]))" },
        },
        {
          title: "Latency, p99",
          unit: "s",
          about: "By route, including routes that wait for the end of a run.",
          lines: {
            "{{route}}":
              "topk(10, histogram_quantile(0.99, sum by (le, route) (rate(tutti_gateway_request_seconds_bucket[$__rate_interval]))))",
          },
        },
        {
          title: "Open streams",
          unit: "short",
          lines: { "{{kind}}": "sum by (kind) (tutti_gateway_streams)" },
        },
      ],
      "Machines: runs, missions, sessions and others": [
        {
          title: "Live",
          unit: "short",
          lines: { "{{service}}": "sum by (service) (tutti_runtime_machines_live)" },
        },
        {
          title: "Quarantined",
          unit: "short",
          lines: { "{{service}}": "sum by (service) (tutti_runtime_machines_quarantined)" },
        },
        {
          title: "Queued commands",
          unit: "short",
          lines: { "{{service}}": "sum by (service) (tutti_runtime_inbox_commands)" },
        },
      ],
      "Tasks and agents": [
        {
          title: "Tasks in pools",
          unit: "short",
          lines: { "{{state}}": "sum by (state) (tutti_swarm_tasks)" },
        },
        {
          title: "Assignments and results",
          unit: "ops",
          lines: {
            assignments: "sum(rate(tutti_swarm_assignments_total[$__rate_interval]))",
            results: "sum(rate(tutti_swarm_results_total[$__rate_interval]))",
          },
        },
        { title: "Agents", unit: "short", lines: { "{{state}}": "sum by (state) (tutti_swarm_agents)" } },
      ],
    },
  },
  {
    uid: "tutti-cluster",
    title: "Tutti: cluster",
    about: "Ownership, calls between processes, and storage.",
    rows: {
      Ownership: [
        {
          title: "Partitions by service",
          unit: "short",
          about: "The total is the number of partitions. A dip is a partition without an owner.",
          lines: { "{{service}} {{instance}}": "tutti_ownership_partitions" },
        },
        {
          title: "Moves",
          unit: "short",
          lines: {
            "{{service}} {{reason}}":
              "sum by (service, reason) (increase(tutti_ownership_moves_total[$__rate_interval]))",
          },
        },
        {
          title: "Instances in the registry",
          unit: "short",
          lines: { registered: "max(tutti_registry_instances)" },
        },
      ],
      Calls: [
        {
          title: "Completed calls by status",
          unit: "ops",
          lines: {
            "{{code}}": 'sum by (code) (rate(tutti_mesh_calls_total{side="server"}[$__rate_interval]))',
          },
        },
        {
          title: "Call latency, p99",
          unit: "s",
          lines: {
            "{{service}}":
              'histogram_quantile(0.99, sum by (le, service) (rate(tutti_mesh_call_duration_seconds_bucket{side="server"}[$__rate_interval])))',
          },
        },
        {
          title: "Breakers",
          unit: "short",
          about: "2 is open.",
          lines: { "{{service}} {{slot}}": "max by (service, slot) (tutti_mesh_breaker_state)" },
        },
      ],
      Storage: [
        {
          title: "Batches written",
          unit: "ops",
          lines: {
            "{{instance}}": "sum by (instance) (rate(tutti_journal_batches_total[$__rate_interval]))",
          },
        },
        {
          title: "Bytes written",
          unit: "Bps",
          lines: {
            "{{instance}}": "sum by (instance) (rate(tutti_journal_written_bytes_total[$__rate_interval]))",
          },
        },
        {
          title: "Archives",
          unit: "bytes",
          lines: { "{{service}}": "sum by (service) (tutti_runtime_archive_bytes)" },
        },
      ],
    },
  },
  {
    uid: "tutti-processes",
    title: "Tutti: processes",
    about: "Health and resource usage of each process.",
    rows: {
      Health: [
        {
          title: "Unhealthy components",
          unit: "short",
          about: "1 is degraded, 2 is down.",
          lines: {
            "{{instance}} {{component}}":
              "max by (instance, component) (tutti_orchestrator_component_health_severity) > 0",
          },
        },
        {
          title: "Connected to NATS",
          unit: "short",
          lines: { "{{instance}}": "min by (instance) (tutti_nats_connected)" },
        },
        { title: "Uptime", unit: "s", lines: { "{{instance}}": "process_uptime_seconds" } },
      ],
      "Resource usage": [
        {
          title: "Cores",
          unit: "short",
          lines: { "{{instance}}": "rate(process_cpu_seconds_total[$__rate_interval])" },
        },
        { title: "Memory", unit: "bytes", lines: { "{{instance}}": "process_resident_memory_bytes" } },
        {
          title: "Event loop lag, p99",
          unit: "s",
          lines: { "{{instance}}": "nodejs_eventloop_lag_p99_seconds" },
        },
      ],
      "Events and traces": [
        {
          title: "Events published",
          unit: "ops",
          lines: {
            "{{instance}}": "sum by (instance) (rate(tutti_bus_events_published_total[$__rate_interval]))",
          },
        },
        {
          title: "Events dropped",
          unit: "ops",
          lines: {
            "{{instance}}": "sum by (instance) (rate(tutti_bus_outlet_left_out_total[$__rate_interval]))",
          },
        },
        {
          title: "Spans thrown away",
          unit: "ops",
          lines: { "{{instance}}": "rate(tutti_telemetry_dropped_spans_total[$__rate_interval])" },
        },
      ],
    },
  },
];

const columns = 3;
const width = 24 / columns;
const height = 8;

/** @returns {Map<string, string>} files by their names */
export function boardFiles() {
  return new Map(
    boards.map((board) => [`${board.uid}.json`, `${JSON.stringify(grafanaOf(board), undefined, 2)}\n`]),
  );
}

/** @param {Board} board */
function grafanaOf({ uid, title, about, rows }) {
  /** @type {object[]} */
  const panels = [];
  let y = 0;
  for (const [row, drawn] of Object.entries(rows)) {
    panels.push({
      id: panels.length + 1,
      type: "row",
      title: row,
      collapsed: false,
      panels: [],
      gridPos: { h: 1, w: 24, x: 0, y },
    });
    y += 1;
    for (const [at, panel] of drawn.entries()) {
      const gridPos = {
        h: height,
        w: width,
        x: (at % columns) * width,
        y: y + Math.floor(at / columns) * height,
      };
      panels.push({ id: panels.length + 1, gridPos, ...panelOf(panel) });
    }
    y += Math.ceil(drawn.length / columns) * height;
  }
  return {
    uid,
    title,
    description: about,
    tags: ["tutti"],
    editable: true,
    schemaVersion: 41,
    version: 1,
    refresh: "10s",
    time: { from: "now-1h", to: "now" },
    timezone: "browser",
    graphTooltip: 1,
    templating: { list: [] },
    annotations: { list: [] },
    panels,
  };
}

/** @param {Panel} panel */
function panelOf({ title, unit, lines, about }) {
  const datasource = { type: "prometheus", uid: "prometheus" };
  return {
    type: "timeseries",
    title,
    datasource,
    ...(about !== undefined && { description: about }),
    fieldConfig: { defaults: { unit, min: 0, custom: { lineWidth: 1, fillOpacity: 8 } }, overrides: [] },
    options: {
      legend: { displayMode: "list", placement: "bottom" },
      tooltip: { mode: "multi", sort: "desc" },
    },
    targets: Object.entries(lines).map(([legendFormat, expr], index) => ({
      refId: String.fromCharCode(65 + index),
      datasource,
      expr,
      legendFormat,
    })),
  };
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, "..", "deploy", "grafana", "dashboards");
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of boardFiles()) writeFileSync(join(folder, name), text);
}
