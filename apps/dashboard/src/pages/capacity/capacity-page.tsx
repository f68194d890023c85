import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { processName } from "@tutti/rest/text";
import type { BackTest, Capacity, DiskCapacity } from "@tutti/rest/types";
import { useState } from "react";
import { nowMs } from "../../effects/time.ts";
import { ChoiceField } from "../../elements/fields.tsx";
import { bytes, count, figure, percent, span } from "../../elements/moments.ts";
import { Empty, PageHead, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { ScrollTable } from "../../elements/scroll-table.tsx";
import { Spelled } from "../../elements/spelled-popover.tsx";
import "../analysis/analysis.css";
import { capacityCommand, capacityPath, capacityQuery, disksQuery } from "./queries.ts";
import { type CapacitySearch, capacitySearch, days, loads, waits } from "./search.ts";

/** Forecasts: agents that pools will need, and the time when disks will be full. */
export function CapacityPage() {
  const search = useSearch({ from: "/capacity" });
  const [openedMs] = useState(nowMs);
  const pools = useQuery(capacityQuery(search));
  const disks = useQuery(disksQuery());
  return (
    <>
      <PageHead title="Capacity" below="Forecasts from recorded work, with the errors of past forecasts" />
      <Choices search={search} />
      <Part
        title="Pools"
        aside={
          <span className="action lone">
            <Spelled
              label="Forecast"
              call={{ method: "GET", path: capacityPath(search, openedMs) }}
              command={capacityCommand(search)}
            />
          </span>
        }
      >
        <QueryView query={pools} label="forecast" lines={4}>
          {({ capacities }) =>
            capacities.length === 0 ? (
              <Empty title="No forecast yet. It needs recorded work of a completed hour." />
            ) : (
              <Pools capacities={capacities} />
            )
          }
        </QueryView>
      </Part>
      <Part title="Disks">
        <QueryView query={disks} label="disks" lines={2}>
          {({ disks: found }) =>
            found.length === 0 ? <Empty title="No disks recorded yet." /> : <Disks disks={found} />
          }
        </QueryView>
      </Part>
    </>
  );
}

const titleOf = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

function Choices({ search }: { search: CapacitySearch }) {
  const navigate = useNavigate({ from: "/capacity" });
  const change = (next: Readonly<Record<string, unknown>>) =>
    void navigate({ search: capacitySearch({ ...search, ...next }), replace: true });
  return (
    <search className="analysis-look">
      <ChoiceField
        label="For"
        value={search.day ?? ""}
        choices={[["", "next seven days"], ...days.map((day) => [day, titleOf(day)] as const)]}
        onChange={(day) => change({ day })}
      />
      <ChoiceField
        label="99 % wait at most"
        value={search.wait ?? "1s"}
        choices={Object.entries(waits).map(([wait, ms]) => [wait, span(ms).replace(".0", "")] as const)}
        onChange={(wait) => change({ wait })}
      />
      <ChoiceField
        label="Load"
        value={String(search.load ?? 1)}
        choices={loads.map((load) => [String(load), load === 1 ? "as expected" : `× ${load}`] as const)}
        onChange={(load) => change({ load })}
      />
    </search>
  );
}

const moments = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const dates = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

function tested({ days: testedDays = 0, error = 0, within = 0 }: BackTest = {}): string {
  if (testedDays === 0) return "not yet tested";
  return `error ${percent(error)}, ${percent(within)} of ${count(testedDays)} in range`;
}

const poolTitles = [
  ...["Pool", "Slots now", "Slots needed", "Range", "Agents", "Busy slots", "Busiest hour", "Past forecasts"],
];
const diskTitles = ["Process", "Free", "Per day", "Full", "Range", "Past forecasts"];

function Pools({ capacities }: { capacities: readonly Capacity[] }) {
  return (
    <ScrollTable label="Pools" className="analysis-tasks figures" titles={poolTitles}>
      {capacities.map((each) => (
        <tr key={each.pool}>
          <th scope="row">{each.pool}</th>
          <td>{count(each.slots ?? 0)}</td>
          <td>{count(each.recommendedSlots ?? 0)}</td>
          <td>
            {count(each.recommendedSlotsLow ?? 0)}–{count(each.recommendedSlotsHigh ?? 0)}
          </td>
          <td>{count(each.recommendedAgents ?? 0)}</td>
          <td>{figure(each.peakLoad ?? 0)}</td>
          <td>{moments.format(each.peakTimeMs ?? 0)}</td>
          <td>{tested(each.backTest)}</td>
        </tr>
      ))}
    </ScrollTable>
  );
}

function Disks({ disks }: { disks: readonly DiskCapacity[] }) {
  return (
    <ScrollTable label="Disks" className="analysis-tasks figures" titles={diskTitles}>
      {disks.map((disk) => (
        <tr key={disk.process}>
          <th scope="row">{processName(disk.process ?? "")}</th>
          <td>{bytes(disk.freeBytes ?? 0)}</td>
          <td>{disk.backTest === undefined ? "" : perDay(disk.bytesPerDay ?? 0)}</td>
          <td>
            {disk.backTest === undefined
              ? "no forecast yet"
              : dateOf(disk.fullTimeMs, "not within ten years")}
          </td>
          <td>
            {disk.earliestTimeMs === undefined
              ? ""
              : `${dateOf(disk.earliestTimeMs, "")} – ${dateOf(disk.latestTimeMs, "later")}`}
          </td>
          <td>{tested(disk.backTest)}</td>
        </tr>
      ))}
    </ScrollTable>
  );
}

function perDay(change: number): string {
  return `${change < 0 ? "−" : "+"}${bytes(Math.abs(change))}`;
}

function dateOf(ms: number | undefined, otherwise: string): string {
  return ms === undefined ? otherwise : dates.format(ms);
}
