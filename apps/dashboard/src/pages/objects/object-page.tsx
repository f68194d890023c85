import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { KeyedObject, ObjectCall } from "@tutti/rest/types";
import { objectQuery } from "../../data/queries.ts";
import { ItemView } from "../../elements/item-view.tsx";
import { Json } from "../../elements/json.tsx";
import { Moment } from "../../elements/moment.tsx";
import { count } from "../../elements/moments.ts";
import { Empty, Facts, PageHead, Part } from "../../elements/parts.tsx";
import { ScrollTable } from "../../elements/scroll-table.tsx";
import { useWindowTitle } from "../../elements/work-page.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { badgeOf, freeOrBusy, objectCalls, runStates } from "../../score/states.ts";

/** One key of an object: its values, its queue of calls, and the calls that have ended. */
export function ObjectPage() {
  const { name, key } = useParams({ from: "/objects/$name/$key" });
  const query = useQuery(objectQuery(name, key));
  useWindowTitle(`${name} ${key}`);
  return (
    <ItemView query={query} kind="object" id={key}>
      {(object) => (
        <>
          <PageHead title={key} below={<Below object={object} />} />
          <Part title="Values">
            {isEmpty(object.state) ? (
              <Empty title="No values." />
            ) : (
              <Json value={object.state} label="the values" />
            )}
          </Part>
          <Part title="Queue">
            <Facts
              facts={[
                ["Waiting calls", count(object.waitingCount ?? 0)],
                ["Ended calls", count(object.endedCount ?? 0)],
              ]}
            />
            <Calls
              calls={[...(object.current === undefined ? [] : [object.current]), ...object.waiting]}
              emptyText="No call is running or waiting."
            />
          </Part>
          <Part title="Ended calls">
            <Calls calls={object.recent} emptyText="No calls have ended." />
          </Part>
        </>
      )}
    </ItemView>
  );
}

function isEmpty(state: unknown): boolean {
  return typeof state !== "object" || state === null || Object.keys(state).length === 0;
}

function Below({ object: { name, current, updateTimeMs } }: { object: KeyedObject }) {
  return (
    <>
      <BadgeMark badge={current === undefined ? freeOrBusy.free : freeOrBusy.busy} /> · key of{" "}
      <Link to="/workflows/$name" params={{ name }}>
        {name}
      </Link>
      {updateTimeMs === undefined ? null : (
        <>
          {" "}
          · changed <Moment atMs={updateTimeMs} />
        </>
      )}
    </>
  );
}

function Calls({ calls, emptyText }: { calls: readonly ObjectCall[]; emptyText: string }) {
  if (calls.length === 0) return <Empty title={emptyText} />;
  return (
    <ScrollTable label="Calls" titles={["Call", "Status", "Run", "Called", "Ended"]}>
      {calls.map((call) => (
        <tr key={`${call.runId} ${call.callTimeMs}`}>
          <td>{call.call}</td>
          <td>
            <BadgeMark badge={callBadge(call)} />
          </td>
          <td>
            <Link to="/runs/$runId" params={{ runId: call.runId ?? "" }}>
              {call.runId}
            </Link>
          </td>
          <td>
            <Moment atMs={call.callTimeMs} />
          </td>
          <td>{call.endTimeMs === undefined ? "–" : <Moment atMs={call.endTimeMs} />}</td>
        </tr>
      ))}
    </ScrollTable>
  );
}

function callBadge({ startTimeMs, endTimeMs, status }: ObjectCall) {
  if (endTimeMs !== undefined) return status === undefined ? objectCalls.left : badgeOf(runStates, status);
  return startTimeMs === undefined ? objectCalls.waiting : objectCalls.running;
}
