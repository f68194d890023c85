import { useQuery } from "@tanstack/react-query";
import type { MetricSeries, ProcessComponents } from "@tutti/rest/types";
import { componentsQuery, metricSeriesQuery } from "../../data/queries.ts";
import { counted } from "../../elements/moments.ts";
import { Empty, PageHead } from "../../elements/parts.tsx";
import { Shown } from "../../elements/shown.tsx";
import { CallsPart } from "./calls-part.tsx";
import { HealthPart } from "./health-part.tsx";
import { metricNameOf, stateOf, usedMetrics } from "./process.ts";
import { ProcessPart } from "./process-part.tsx";
import "./services.css";

/** Every process: its services, what it uses, and its components with their state. */
export function ServicesPage() {
  const query = useQuery(componentsQuery());
  // From the memory of the processes, so that insight is not needed.
  const series = useQuery(metricSeriesQuery(usedMetrics));
  const used: readonly MetricSeries[] = series.data?.series ?? [];
  return (
    <>
      <PageHead title="Services" below={query.data ? summaryOf(query.data.processes) : <>&nbsp;</>} />
      <Shown query={query} what="services" lines={10}>
        {({ processes }) =>
          processes.length === 0 ? (
            <Empty title="No processes." />
          ) : (
            processes.map((process) => (
              <ProcessPart key={metricNameOf(process)} process={process} series={used} />
            ))
          )
        }
      </Shown>
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
