import { useQuery } from "@tanstack/react-query";
import type { Counterfactual, Session } from "@tutti/rest/types";
import { compareQuery } from "../../data/queries.ts";
import { figure, percent, span } from "../../elements/moments.ts";
import { Empty, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { hasEnded } from "./session.ts";
import { VoiceMark } from "./voice-mark.tsx";
import { voiceOf } from "./voices.ts";

/** The cost of other modes: simulates the ended session in each mode, with the actual durations. */
export function CompareView({ session }: { session: Session }) {
  const isOver = hasEnded(session);
  const query = useQuery({ ...compareQuery(session.sessionId), enabled: isOver });
  if (!isOver)
    return (
      <Empty title="No comparison yet.">
        After the session ends, each mode is simulated with the real durations.
      </Empty>
    );
  return (
    <QueryView query={query} label="the other modes" lines={5}>
      {({ modes, trustworthy, assumptions }) => (
        <>
          <p className={trustworthy === true ? "" : "session-doubt tone-held"} role="status">
            {trustworthy === true
              ? "The simulation matches the real result."
              : "The simulation differs from the real result. The other modes are estimates."}
          </p>
          <Table modes={modes} />
          {assumptions ? <p className="small soft">{assumptions}</p> : null}
        </>
      )}
    </QueryView>
  );
}

function Table({ modes }: { modes: readonly Counterfactual[] }) {
  const longest = Math.max(1, ...modes.map(({ simulatedMs = 0 }) => simulatedMs));
  return (
    <table className="session-candidates">
      <thead>
        <tr>
          <th scope="col">Mode</th>
          <th scope="col">Time</th>
          <th scope="col">Slots</th>
          <th scope="col">Efficiency</th>
          <th scope="col">Money</th>
        </tr>
      </thead>
      <tbody>
        {modes.map(({ mode, real, error = 0, simulatedMs = 0, slots = 0, efficiency = 0, simulatedUse }) => (
          <tr key={`${mode} ${real}`} className={real === true ? "chosen" : ""}>
            <th scope="row">
              <VoiceMark mode={mode} />
              {real === true ? <Tag>actual, {percent(error)} off</Tag> : null}
            </th>
            <td>
              <span className={`session-expected voice-${voiceOf(mode).name}`} aria-hidden="true">
                <span className="mean" style={{ width: `${(simulatedMs / longest) * 100}%` }} />
              </span>
              {span(simulatedMs)}
            </td>
            <td data-name="slots">{figure(slots)}</td>
            <td data-name="efficiency">{percent(efficiency)}</td>
            <td data-name="money">{simulatedUse?.money ? figure(simulatedUse.money) : "–"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
