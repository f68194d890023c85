import { useQuery } from "@tanstack/react-query";
import { count, span } from "../../elements/moments.ts";
import { Empty, Part } from "../../elements/parts.tsx";
import { ScrollTable } from "../../elements/scroll-table.tsx";
import { Shown } from "../../elements/shown.tsx";
import { factsQuery } from "../explore/queries.ts";
import { type CallRow, callsIn, callsSql } from "./calls.ts";

/** Which route, caller and status used most time in the last hour. */
export function CallsPart() {
  const query = useQuery({ ...factsQuery(callsSql), refetchInterval: 60_000 });
  return (
    <Part title="Calls" aside="last hour, most time first">
      <Shown query={query} what="calls" lines={4}>
        {({ rows }) => {
          const calls = callsIn(rows);
          return calls.length === 0 ? <Empty title="No calls recorded yet." /> : <Calls calls={calls} />;
        }}
      </Shown>
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
