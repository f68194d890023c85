import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { latestRunsQuery, poolsQuery, statusCountsQuery } from "../../data/queries.ts";
import { count, counted } from "../../elements/moments.ts";
import { PageHead, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { Glyph } from "../../score/glyph.tsx";
import { badgeOf, runStates } from "../../score/states.ts";
import { statusOf } from "../pools/pool.ts";
import { Figures } from "./figures.tsx";
import { NeedsPerson } from "./needs-person.tsx";
import "./overview.css";
import { ScoreStrip } from "./score-strip.tsx";

const tallied = ["running", "pending", "paused", "failed", "completed", "cancelled"] as const;

/** Recent runs, work that needs attention, and metrics. */
export function OverviewPage() {
  const runs = useQuery(latestRunsQuery());
  return (
    <>
      <PageHead title="Overview" below={<Summary />} />
      <Tally />
      <Part
        title="Recent runs"
        aside={
          <>
            latest 200, <Link to="/runs">all runs</Link>, <Link to="/missions">missions</Link>
          </>
        }
      >
        <div className="score-room">
          <QueryView query={runs} label="runs" lines={5}>
            {(list) => <ScoreStrip runs={list.runs} />}
          </QueryView>
        </div>
      </Part>
      <div className="overview-columns">
        <NeedsPerson />
        <Figures />
      </div>
    </>
  );
}

/** Sums the workers of all pools, because there may be thousands of workers. */
function Summary() {
  const { data } = useQuery(poolsQuery());
  if (data === undefined) return <>&nbsp;</>;
  const pools = data.pools.map(statusOf);
  const sum = (figure: (pool: (typeof pools)[number]) => number) =>
    pools.reduce((total, pool) => total + figure(pool), 0);
  const workers = sum(({ agents }) => agents);
  const slots = sum((pool) => pool.slots);
  if (workers === 0) return <>No workers connected. Tasks wait for a worker.</>;
  return (
    <>
      {counted(workers, "worker")}, {slots - sum(({ freeSlots }) => freeSlots)} of {counted(slots, "slot")} in
      use
    </>
  );
}

/** Counts of runs by state. Each links to those runs. */
function Tally() {
  const { data } = useQuery(statusCountsQuery());
  const counts = new Map(data?.counts.map(({ value, count: many }) => [value, many ?? 0]));
  return (
    <ul className="tally">
      {tallied.map((status) => {
        const badge = badgeOf(runStates, status);
        const many = counts.get(status) ?? 0;
        return (
          <li key={status}>
            <Link
              to="/runs"
              search={{ status: [status] }}
              className={`tally-one tone-${many > 0 ? badge.tone : "rest"}`}
            >
              <span className="tally-figure">{data === undefined ? "–" : count(many)}</span>
              <span className="tally-word">
                <Glyph name={badge.glyph} beating={status === "running" && many > 0} />
                {badge.label}
              </span>
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
