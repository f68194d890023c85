import type { Session } from "@tutti/rest/types";
import { counted } from "../../elements/moments.ts";
import { Part } from "../../elements/parts.tsx";
import { WorkLink } from "../../elements/work-link.tsx";
import { StandMark } from "../../score/glyph.tsx";
import { runStates, standOf } from "../../score/states.ts";
import { VoiceMark } from "./voice-mark.tsx";

/** The parts that it is done in, each in a mode, and why each is one of its own. */
export function PartsPart({ session: { parts } }: { session: Session }) {
  if (parts.length === 0) return null;
  return (
    <Part title={parts.length === 1 ? "Mode" : "Parts"}>
      <ul className="session-parts">
        {parts.map(({ partId = "", mode, work, status, taskIds, taskCount, reason }) => (
          <li key={partId}>
            <VoiceMark mode={mode} />
            <span className="small">
              part <code>{partId}</code>, {counted(taskCount ?? taskIds.length, "task")}
            </span>
            <StandMark stand={standOf(runStates, status)} />
            <span className="small">
              {work === undefined ? null : (
                <>
                  {work.kind} <WorkLink about={work} />
                </>
              )}
            </span>
            {reason ? <span className="small soft session-part-why">{reason}</span> : null}
          </li>
        ))}
      </ul>
    </Part>
  );
}
