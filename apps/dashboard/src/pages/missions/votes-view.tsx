import type { Vote } from "@tutti/rest/types";
import { Moment } from "../../elements/moment.tsx";
import { counted, figure, percent } from "../../elements/moments.ts";
import { Empty, Meter, Part } from "../../elements/parts.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { voteStates } from "../../score/states.ts";
import { actorOf, deadlineOf, ruleText, tallied } from "./mission.ts";
import { voteText } from "./reading.ts";

/** The votes of the agents: rule, current state and result of each. */
export function VotesView({ votes }: { votes: readonly Vote[] }) {
  if (votes.length === 0) return <Empty title="No votes yet." />;
  return votes.map((vote) => <VoteView key={vote.voteId} vote={vote} />);
}

function VoteView({ vote }: { vote: Vote }) {
  const { voteId, question, openCause, openTimeMs, ballots, outcome, secret } = vote;
  const deadline = deadlineOf(vote);
  const by = actorOf(openCause);
  return (
    <Part title={question || voteId} aside={<BadgeMark badge={voteBadge(vote)} />}>
      <p className="small soft vote-rule">
        {voteId} · {ruleText(vote)} · opened <Moment atMs={openTimeMs} />
        {by === "" ? "" : ` by ${by}`} · {counted(ballots.length, "ballot")}
        {secret === true ? ", secret" : ""}
        {deadline === undefined ? null : (
          <>
            {" "}
            · closes <Moment atMs={deadline} />
          </>
        )}
      </p>
      <Options vote={vote} />
      {outcome === undefined ? <p className="vote-outcome">{voteText(vote)}</p> : null}
      {outcome === undefined ? null : (
        <p className="vote-outcome">
          {outcome.winner ? (
            <>
              <strong>{outcome.winner}</strong> was chosen
            </>
          ) : (
            "Ended without a decision"
          )}
          {outcome.message ? `: ${outcome.message}` : ""} <Moment atMs={outcome.closeTimeMs} />
        </p>
      )}
    </Part>
  );
}

function voteBadge({ outcome }: Vote) {
  if (outcome === undefined) return voteStates.open;
  return outcome.winner ? voteStates.decided : voteStates.undecided;
}

function Options({ vote }: { vote: Vote }) {
  return (
    <ul className="vote-options">
      {tallied(vote).map(({ option, description, weight, share, by }) => (
        <li key={option}>
          <span>
            {option}
            {description === "" ? null : <span className="small soft"> {description}</span>}
          </span>
          <Meter share={share} tone={vote.outcome?.winner === option ? "done" : "playing"} />
          <span className="small vote-count">
            {figure(weight)}
            <span className="soft"> {percent(share)}</span>
          </span>
          <span className="small soft">{by.join(", ")}</span>
        </li>
      ))}
    </ul>
  );
}
