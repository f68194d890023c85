import { useQuery } from "@tanstack/react-query";
import type { MetricSeries, ProcessComponents } from "@tutti/rest/types";
import { useState } from "react";
import { componentsQuery, metricSeriesQuery } from "../../data/queries.ts";
import { Lasting, Moment } from "../../elements/moment.tsx";
import { count, counted, span } from "../../elements/moments.ts";
import { Empty, PageHead, Part, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { ScrollTable } from "../../elements/scroll-table.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { Spelled } from "../../elements/spelled-popover.tsx";
import { factsQuery } from "../explore/queries.ts";
import { type CallRow, callsIn, callsSql } from "./calls.ts";
import { healthPath, healthQuery, healthText, unreadyIn } from "./health.ts";
import { metricNameOf, stateOf, usedMetrics } from "./process.ts";
import { ProcessList, ProcessPart } from "./process-part.tsx";
import "./services.css";

/** More processes than this are shown as one line each. */
const wholeMax = 2;
/** Times in which something was not ready, before all are requested. */
const healthMax = 10;

/** All processes: services, resources, and components with their state. */
export function ServicesPage() {
  const query = useQuery(componentsQuery());
  // From the memory of the processes, so that the page works without insight.
  const series = useQuery(metricSeriesQuery(usedMetrics));
  const used: readonly MetricSeries[] = series.data?.series ?? [];
  return (
    <>
      <PageHead title="Services" below={query.data ? summaryOf(query.data.processes) : <>&nbsp;</>} />
      <QueryView query={query} label="services" lines={10}>
        {({ processes }) =>
          processes.length === 0 ? (
            <Empty title="No processes." />
          ) : processes.length > wholeMax ? (
            <ProcessList processes={processes} series={used} />
          ) : (
            processes.map((process) => (
              <ProcessPart key={metricNameOf(process)} process={process} series={used} />
            ))
          )
        }
      </QueryView>
      <HealthPart />
      <CallsPart />
    </>
  );
}

function summaryOf(processes: readonly ProcessComponents[]): string {
  const services = new Set(processes.flatMap((process) => process.services));
  const unready = processes.filter((process) => stateOf(process) !== "ready").length;
  const all = `${counted(services.size, "service")} in ${counted(processes.length, "process", "processes")}`;
  return unready === 0 ? `${all}, all ready` : `${all}, ${unready} not ready`;
}

/** The routes, callers and statuses that used most time in the last hour. */
function CallsPart() {
  const query = useQuery({ ...factsQuery(callsSql), refetchInterval: 60_000 });
  return (
    <Part title="Calls" aside="last hour, most time first">
      <QueryView query={query} label="calls" lines={4}>
        {({ rows }) => {
          const calls = callsIn(rows);
          return calls.length === 0 ? <Empty title="No calls recorded yet." /> : <Calls calls={calls} />;
        }}
      </QueryView>
    </Part>
  );
}

const titles = ["Route", "Caller", "Status", "Calls", "Time", "Mean", "Slowest"];

function Calls({ calls }: { calls: readonly CallRow[] }) {
  return (
    <ScrollTable label="Calls" titles={titles}>
      {calls.map((call) => (
        <tr key={`${call.route} ${call.identity} ${call.code}`}>
          <td>
            <code>{call.route}</code>
          </td>
          <td>{call.identity}</td>
          <td>{call.code}</td>
          <td>{count(call.calls)}</td>
          <td>{span(call.ms)}</td>
          <td>{span(call.ms / Math.max(1, call.calls))}</td>
          <td>{span(call.slowestMs)}</td>
        </tr>
      ))}
    </ScrollTable>
  );
}

/** The times of the last day in which services and components were not ready. */
function HealthPart() {
  const query = useQuery(healthQuery());
  const [isExpanded, setExpanded] = useState(false);
  return (
    <Part
      title="Health of the last day"
      aside={
        <span className="action lone">
          <Spelled
            label="Health"
            call={{ method: "GET", path: healthPath }}
            command={commandLine("tutti", "health")}
          />
        </span>
      }
    >
      <QueryView query={query} label="health" lines={3}>
        {({ spans }) => {
          const found = unreadyIn(spans);
          if (found === undefined) return <Empty title="No health recorded yet." />;
          if (found.length === 0) return <p>Every service and component was ready.</p>;
          const visible = isExpanded ? found : found.slice(0, healthMax);
          return (
            <>
              <ul className="health-list">
                {visible.map(({ subject, state, startTimeMs, endTimeMs }) => (
                  <li key={`${subject} ${startTimeMs}`}>
                    <Tag tone={state === "degraded" ? "held" : "wrong"}>{healthText(state)}</Tag>
                    <code>{subject}</code>
                    <span className="soft small">
                      <Moment atMs={startTimeMs} />, for <Lasting fromMs={startTimeMs} toMs={endTimeMs} />
                      {endTimeMs === undefined ? ", until now" : ""}
                    </span>
                  </li>
                ))}
              </ul>
              {found.length <= healthMax ? null : (
                <button
                  type="button"
                  className="press component-more"
                  aria-expanded={isExpanded}
                  onClick={() => setExpanded(!isExpanded)}
                >
                  {isExpanded ? `Show ${healthMax}` : `Show all ${count(found.length)}`}
                </button>
              )}
            </>
          );
        }}
      </QueryView>
    </Part>
  );
}
