import type { Incident } from "@tutti/rest/types";
import { useState } from "react";
import { count } from "../../elements/moments.ts";
import { Part } from "../../elements/parts.tsx";
import { WorkLink } from "../../elements/work-link.tsx";

const shownFirst = 12;

/** Runs and missions that failed in its time, the latest first. */
export function FailedWork({ incident: { failed, failedCount = 0 } }: { incident: Incident }) {
  const [all, setAll] = useState(false);
  if (failed.length === 0) return null;
  const shown = all ? failed : failed.slice(0, shownFirst);
  return (
    <Part
      title="Failed work"
      aside={
        failedCount > failed.length
          ? `latest ${count(failed.length)} of ${count(failedCount)}`
          : count(failedCount)
      }
    >
      <ul className="incident-failed" aria-label="Failed work">
        {shown.map((work) => (
          <li key={`${work.kind} ${work.id}`}>
            <WorkLink about={work} />
            {work.kind === "run" ? null : <span className="small soft"> {work.kind}</span>}
          </li>
        ))}
      </ul>
      {shown.length < failed.length ? (
        <button type="button" className="press incident-more" onClick={() => setAll(true)}>
          Show {count(failed.length - shown.length)} more
        </button>
      ) : null}
    </Part>
  );
}
