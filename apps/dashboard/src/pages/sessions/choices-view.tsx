import type { Choice } from "@tutti/rest/types";
import { Moment } from "../../elements/moment.tsx";
import { figure } from "../../elements/moments.ts";
import { Empty, Part, Tag } from "../../elements/parts.tsx";
import { type CandidateLine, candidateLines, choiceText, outcomeText } from "./session.ts";
import { VoiceMark } from "./voice-mark.tsx";

const kinds: Readonly<Record<string, string>> = {
  mode: "Which mode",
  cut: "Split",
  plan: "Plan",
  move: "Moves",
};

/** The choices for the session: candidates, expected values, certainty and outcome of each. */
export function ChoicesView({ choices }: { choices: readonly Choice[] }) {
  if (choices.length === 0)
    return <Empty title="No choice was necessary.">The mode was set at the start.</Empty>;
  return (
    <>
      {choices.map((choice) => (
        <ChoiceItem key={choice.choiceId} choice={choice} />
      ))}
    </>
  );
}

function ChoiceItem({ choice }: { choice: Choice }) {
  const { kind = "", chooseTimeMs, reason, model, features } = choice;
  const outcome = outcomeText(choice);
  const lines = candidateLines(choice);
  const options = Object.entries(features);
  return (
    <Part title={kinds[kind] ?? kind} aside={<Moment atMs={chooseTimeMs} />}>
      <p className="session-choice-how">
        <Tag>{choiceText(choice)}</Tag> {reason}
      </p>
      {outcome === undefined ? null : <p className="session-choice-came">{outcome}.</p>}
      {lines.length === 0 ? null : <Candidates lines={lines} />}
      {options.length === 0 ? null : (
        <details>
          <summary>Options ({options.length})</summary>
          <dl className="session-features small">
            {options.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{figure(value)}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
      {model ? <p className="small soft">chosen by {model}</p> : null}
    </Part>
  );
}

function Candidates({ lines }: { lines: readonly CandidateLine[] }) {
  return (
    <table className="session-candidates">
      <thead>
        <tr>
          <th scope="col">Mode</th>
          <th scope="col">Expected time, p90</th>
          <th scope="col">Money</th>
          <th scope="col">Quality</th>
          <th scope="col">Score</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <tr key={line.mode} className={line.isChosen ? "chosen" : ""}>
            <th scope="row">
              <VoiceMark mode={line.mode} />
              {line.isChosen ? <Tag>chosen</Tag> : null}
            </th>
            {line.isEligible ? (
              <>
                <td>
                  <span className={`session-expected voice-${line.mode}`} aria-hidden="true">
                    <span className="high" style={{ width: `${line.highShare * 100}%` }} />
                    <span className="mean" style={{ width: `${line.share * 100}%` }} />
                  </span>
                  {line.time}
                  {line.high === "" ? "" : `, ${line.high}`}
                </td>
                <td data-name="money">{line.money || "–"}</td>
                <td data-name="quality">{line.quality || "–"}</td>
                <td data-name="score">{line.score || "–"}</td>
              </>
            ) : (
              <td colSpan={4} className="soft">
                {line.reason || "not eligible"}
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
