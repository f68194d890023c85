import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { agentsQuery, latestRunsQuery, statusCountsQuery } from "../../data/queries.ts";
import { count, counted } from "../../elements/moments.ts";
import { PageHead, Part } from "../../elements/parts.tsx";
import { Shown } from "../../elements/shown.tsx";
import { Glyph } from "../../score/glyph.tsx";
import { runStates, standOf } from "../../score/states.ts";
import { Figures } from "./figures.tsx";
import { NeedsPerson } from "./needs-person.tsx";
import "./overview.css";
import { ScoreStrip } from "./score-strip.tsx";

const tallied = ["running", "pending", "paused", "failed", "completed", "cancelled"] as const;

/** What goes on at a glance: the score, what waits for a person, and the figures. */
export function OverviewPage() {
  const runs = useQuery(latestRunsQuery());
  return (
    <>
      <PageHead title="Overview" below={<Summary />} />
      <Tally />
      <Part
        title="Score"
        aside={
          <>
            the latest 200 runs, <Link to="/runs">all of them</Link>
          </>
        }
      >
        <div className="score-room">
          <Shown query={runs} what="runs" lines={5}>
            {(list) => <ScoreStrip runs={list.runs} />}
          </Shown>
        </div>
      </Part>
      <div className="overview-columns">
        <NeedsPerson />
        <Figures />
      </div>
    </>
  );
}

function Summary() {
  const agents = useQuery(agentsQuery());
  const present = (agents.data?.agents ?? []).filter(({ state }) => state !== "gone");
  const slots = present.reduce((total, { offering }) => total + (offering?.slots ?? 0), 0);
  const free = present.reduce((total, { freeSlots }) => total + (freeSlots ?? 0), 0);
  if (agents.data === undefined) return <>&nbsp;</>;
  if (present.length === 0) return <>No worker is here: tasks wait until one comes.</>;
  return (
    <>
      {counted(present.length, "worker")}, {slots - free} of {counted(slots, "slot")} at work
    </>
  );
}

/** How many runs stand how; each leads to them. */
function Tally() {
  const { data } = useQuery(statusCountsQuery());
  const counts = new Map(data?.counts.map(({ value, count: many }) => [value, many ?? 0]));
  return (
    <ul className="tally">
      {tallied.map((status) => {
        const stand = standOf(runStates, status);
        const many = counts.get(status) ?? 0;
        return (
          <li key={status}>
            <Link
              to="/runs"
              search={{ status: [status] }}
              className={`tally-one tone-${many > 0 ? stand.tone : "rest"}`}
            >
              <span className="tally-figure">{data === undefined ? "–" : count(many)}</span>
              <span className="tally-word">
                <Glyph name={stand.glyph} beating={status === "running" && many > 0} />
                {stand.word}
              </span>
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
