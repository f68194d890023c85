import { getRouteApi, Link } from "@tanstack/react-router";
import type { Session } from "@tutti/rest/types";
import { useMemo } from "react";
import { client } from "../../data/live.ts";
import { useLive } from "../../data/use-live.ts";
import { useNow } from "../../effects/use-now.ts";
import { CopyLine } from "../../elements/copy.tsx";
import { Moment } from "../../elements/moment.tsx";
import { count, figure, percent, span } from "../../elements/moments.ts";
import { Empty, Failure, Loading, PageHead, Tag } from "../../elements/parts.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { badgeOf, runStates } from "../../score/states.ts";
import "../sessions/sessions.css";
import { SessionStore } from "../sessions/session-store.ts";
import { SessionsStore } from "../sessions/sessions-store.ts";
import { VoiceMark } from "../sessions/voice-mark.tsx";
import { voiceOf } from "../sessions/voices.ts";
import { laneOf, type Race, raceLabel, racesOf } from "./race.ts";

const route = getRouteApi("/race");

/** One job in all modes side by side, live: progress, duration, cost and slots of each. */
export function RacePage() {
  const { of } = route.useSearch();
  const { sessions, isComplete, problem } = useLive(
    "race",
    (later) => new SessionsStore(later),
    (signal) => client.follow("sessions.watchAll", { query: { label: raceLabel } }, { signal }),
  );
  const races = useMemo(() => racesOf(sessions), [sessions]);
  const race = races.find(({ name }) => name === of) ?? races[0];
  return (
    <>
      <PageHead
        title="Race"
        below={race === undefined ? "One job in all modes" : <Below race={race} />}
        actions={
          <Link to="/sessions" className="press">
            All sessions
          </Link>
        }
      />
      {problem === undefined ? null : (
        <Failure title="Race cannot be shown" message={problem.message} code={problem.code} />
      )}
      {!isComplete && problem === undefined ? <Loading label="the race" lines={8} /> : null}
      {isComplete && race === undefined ? <NoRace /> : null}
      {race === undefined ? null : <Track race={race} />}
      {races.length > 1 ? <Others races={races} current={race?.name ?? ""} /> : null}
    </>
  );
}

function Below({ race: { name, startMs } }: { race: Race }) {
  return (
    <>
      {name}, started <Moment atMs={startMs} />: one job in all modes
    </>
  );
}

function NoRace() {
  return (
    <Empty title="No races yet.">
      <p>A race runs one job in each mode with the same number of agents. Start one with the CLI.</p>
      <CopyLine label="command" text="tutti demo race" />
    </Empty>
  );
}

function Track({ race: { sessions, firstId } }: { race: Race }) {
  return (
    <ul className="race" aria-label="Lanes">
      {sessions.map((session) => (
        <LaneLine key={session.sessionId} listed={session} isFirst={session.sessionId === firstId} />
      ))}
    </ul>
  );
}

/** One lane. It watches its own session, because lists contain neither slots nor efficiency. */
function LaneLine({ listed, isFirst }: { listed: Session; isFirst: boolean }) {
  const { sessionId } = listed;
  const { session = listed } = useLive(
    sessionId,
    (later) => new SessionStore(later),
    (signal) => client.follow("sessions.watch", { params: { id: sessionId } }, { signal }),
  );
  const mode = session.effectiveMode ?? session.spec?.mode;
  const { over, total, tookMs, money, slots, efficiency } = laneOf(session, useNow());
  const share = total === 0 ? 0 : over / total;
  const figures: readonly (readonly [string, string])[] = [
    ["time", span(tookMs)],
    ["cost", money === 0 ? "–" : figure(money)],
    ["slots", slots === 0 ? "–" : figure(slots)],
    ["efficiency", efficiency === 0 ? "–" : percent(efficiency)],
  ];
  return (
    <li className={`race-lane voice-${voiceOf(mode).name}`}>
      <div className="race-who">
        <h2>
          <Link to="/sessions/$sessionId" params={{ sessionId }}>
            <VoiceMark mode={mode} />
          </Link>
        </h2>
        <BadgeMark badge={badgeOf(runStates, session.status)} />
        {isFirst ? <Tag tone="done">first</Tag> : null}
      </div>
      <div className="race-track">
        <span className="race-staff" aria-hidden="true">
          <span className="race-run" style={{ width: `${share * 100}%` }} />
        </span>
        <span className="small">
          {count(over)} of {count(total)}
        </span>
      </div>
      <dl className="race-figures">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </li>
  );
}

function Others({ races, current }: { races: readonly Race[]; current: string }) {
  return (
    <nav className="race-others small" aria-label="Other races">
      {races
        .filter(({ name }) => name !== current)
        .slice(0, 10)
        .map(({ name, startMs }) => (
          <Link key={name} to="/race" search={{ of: name }}>
            {name}, <Moment atMs={startMs} />
          </Link>
        ))}
    </nav>
  );
}
