import { useQuery } from "@tanstack/react-query";
import type { Deadlock } from "@tutti/rest/types";
import { deadlocksQuery } from "../../data/resource-queries.ts";
import { Moment } from "../../elements/moment.tsx";
import { Empty, Part } from "../../elements/parts.tsx";
import { Shown } from "../../elements/shown.tsx";
import { WorkLink } from "../../elements/work-link.tsx";
import { workName } from "./resource.ts";

/** Circles that were found: who waited for whom, who gave way, and why that one. */
export function DeadlocksPart() {
  const query = useQuery(deadlocksQuery());
  return (
    <Part title="Deadlocks">
      <Shown query={query} what="deadlocks" lines={2}>
        {({ deadlocks }) =>
          deadlocks.length === 0 ? (
            <Empty title="No deadlocks.">
              Deadlocks are detected and resolved: one participant gives way.
            </Empty>
          ) : (
            <ul className="deadlocks">
              {deadlocks.map((deadlock) => (
                <OneDeadlock key={`${deadlock.findTimeMs} ${deadlock.reason}`} deadlock={deadlock} />
              ))}
            </ul>
          )
        }
      </Shown>
    </Part>
  );
}

function OneDeadlock({ deadlock }: { deadlock: Deadlock }) {
  const { victim, reason = "", findTimeMs } = deadlock;
  return (
    <li className="deadlock">
      <p>
        {victim === undefined ? "nobody" : <WorkLink about={victim}>{workName(victim)}</WorkLink>} gave way{" "}
        <span className="small soft">
          <Moment atMs={findTimeMs} />
        </span>
      </p>
      <p className="small">{reason}</p>
    </li>
  );
}
