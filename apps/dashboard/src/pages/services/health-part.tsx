import { useQuery } from "@tanstack/react-query";
import { Lasting, Moment } from "../../elements/moment.tsx";
import { Empty, Part, Tag } from "../../elements/parts.tsx";
import { Shown } from "../../elements/shown.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { Spelled } from "../../elements/spelled-popover.tsx";
import { healthPath, healthQuery, healthWord, unreadyIn } from "./health.ts";

/** When services and components were not ready in the last day. */
export function HealthPart() {
  const query = useQuery(healthQuery());
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
      <Shown query={query} what="health" lines={3}>
        {({ spans }) => {
          const found = unreadyIn(spans);
          if (found === undefined) return <Empty title="No health recorded yet." />;
          if (found.length === 0) return <p>Every service and component was ready.</p>;
          return (
            <ul className="health-list">
              {found.map(({ subject, state, startTimeMs, endTimeMs }) => (
                <li key={`${subject} ${startTimeMs}`}>
                  <Tag tone={state === "degraded" ? "held" : "wrong"}>{healthWord(state)}</Tag>
                  <code>{subject}</code>
                  <span className="soft small">
                    <Moment atMs={startTimeMs} />, for <Lasting fromMs={startTimeMs} toMs={endTimeMs} />
                    {endTimeMs === undefined ? ", until now" : ""}
                  </span>
                </li>
              ))}
            </ul>
          );
        }}
      </Shown>
    </Part>
  );
}
