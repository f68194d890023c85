import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Session } from "@tutti/rest/types";
import { client } from "../../data/live.ts";
import { useLive } from "../../data/use-live.ts";
import { CopyLine } from "../../elements/copy.tsx";
import { Duration, Moment } from "../../elements/moment.tsx";
import { count, counted } from "../../elements/moments.ts";
import { Empty, Failure, Loading, Meter, PageHead, Tag } from "../../elements/parts.tsx";
import { commandLine, pathOf } from "../../elements/spelled.ts";
import { Spelled } from "../../elements/spelled-popover.tsx";
import { VirtualCards } from "../../elements/virtual-cards.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { badgeOf, runStates } from "../../score/states.ts";
import { tasksOver } from "../missions/mission.ts";
import { StateFilter, Typed } from "../runs/filters.tsx";
import { ModeFilter } from "./mode-filter.tsx";
import { type SessionsSearch, sessionsSearch } from "./search.ts";
import { titleOf } from "./session.ts";
import "./sessions.css";
import { SessionsStore } from "./sessions-store.ts";
import { VoiceMark } from "./voice-mark.tsx";
import { modeOrder, modeText } from "./voices.ts";

const rowPx = 84;

/** All sessions, live: goal, mode and progress of each. */
export function SessionsPage() {
  const search = useSearch({ from: "/sessions" });
  const navigate = useNavigate({ from: "/sessions" });
  const change = (next: SessionsSearch) => void navigate({ search: next, replace: true });
  const { sessions, isComplete, problem } = useSessions(search);
  const isFiltered = Object.keys(search).length > 0;
  return (
    <>
      <PageHead
        title="Sessions"
        below={isComplete ? counted(sessions.length, "session") : <>&nbsp;</>}
        actions={
          <>
            <Link to="/race" className="press">
              Race
            </Link>
            <Link to="/choices" className="press">
              Choices
            </Link>
            <Link to="/resources" className="press">
              Resources
            </Link>
            <span className="action lone">
              <Spelled
                label="This list"
                call={{ method: "GET", path: pathOf(["sessions"], { ...search }) }}
                command={listCommand(search)}
              />
            </span>
          </>
        }
      />
      <FilterBar search={search} onChange={change} />
      {problem === undefined ? null : (
        <Failure title="Sessions cannot be shown" message={problem.message} code={problem.code} />
      )}
      {!isComplete && problem === undefined ? <Loading label="sessions" lines={8} /> : null}
      {isComplete && sessions.length === 0 ? (
        <NoSessions isFiltered={isFiltered} onClear={() => change({})} />
      ) : null}
      {isComplete && sessions.length > 0 ? (
        <VirtualCards
          items={sessions}
          keyOf={({ sessionId }) => sessionId}
          label="Sessions"
          rowPx={rowPx}
          className="sessions"
        >
          {(session) => <Line session={session} />}
        </VirtualCards>
      ) : null}
    </>
  );
}

/** The filter of the list. */
function FilterBar({
  search,
  onChange,
}: {
  search: SessionsSearch;
  onChange: (next: SessionsSearch) => void;
}) {
  const modes = search.mode ?? [];
  return (
    <search className="sessions-look">
      <Typed
        label="Search"
        placeholder="id, title, label or error"
        kind="search"
        value={search.text}
        onChange={(text) => onChange(sessionsSearch({ ...search, text }))}
      />
      <StateFilter
        chosen={search.status ?? []}
        onChange={(status) => onChange(sessionsSearch({ ...search, status }))}
      />
      <ModeFilter
        legend="Mode"
        offered={modeOrder}
        chosen={modes}
        onChange={(mode, isChosen) => {
          const next = isChosen ? [...modes, mode] : modes.filter((each) => each !== mode);
          onChange(sessionsSearch({ ...search, mode: next }));
        }}
      />
    </search>
  );
}

function useSessions({ text, status, mode }: SessionsSearch) {
  const query = {
    ...(text === undefined ? {} : { text }),
    ...(status === undefined ? {} : { status }),
    ...(mode === undefined ? {} : { mode }),
  };
  return useLive(
    JSON.stringify(query),
    (later) => new SessionsStore(later),
    (signal) => client.follow("sessions.watchAll", { query }, { signal }),
  );
}

function listCommand({ text, status = [], mode = [] }: SessionsSearch): string {
  const states = status.flatMap((each) => ["--state", each]);
  const modes = mode.flatMap((each) => ["--mode", each]);
  const found = text === undefined ? [] : ["--text", text];
  return commandLine("tutti", "session", "list", ...states, ...modes, ...found);
}

function NoSessions({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  if (isFiltered)
    return (
      <Empty title="No sessions match.">
        <button type="button" className="press" onClick={onClear}>
          Show all sessions
        </button>
      </Empty>
    );
  return (
    <Empty title="No sessions yet.">
      <p>A session runs tasks toward an objective. Tutti chooses the mode. Start one with the CLI.</p>
      <CopyLine label="command" text="tutti run session.yaml" />
    </Empty>
  );
}

function Line({ session }: { session: Session }) {
  const { sessionId, status, spec, effectiveMode, tasks, openApprovals = 0 } = session;
  const { createTimeMs, endTimeMs, performance } = session;
  const total = tasks?.total ?? 0;
  const over = tasksOver(tasks);
  const { completed: done = 0, failed = 0 } = tasks ?? {};
  const isWrong = failed > 0 && status !== "completed";
  const failedText = isWrong ? `, ${count(failed)} failed` : "";
  const title = titleOf(session);
  const moves = performance?.moves ?? 0;
  return (
    <article className="session-line">
      <div className="session-what">
        <h2>
          <Link to="/sessions/$sessionId" params={{ sessionId }} className="clipped">
            {title || sessionId}
          </Link>
        </h2>
        <p className="small soft clipped">{title === "" ? "" : sessionId}</p>
      </div>
      <div className="small">
        <VoiceMark mode={effectiveMode ?? spec?.mode} alone />{" "}
        <span>{modeText(spec?.mode, effectiveMode)}</span>
      </div>
      <BadgeMark badge={badgeOf(runStates, status)} />
      <div className="session-far small">
        {total === 0 ? null : (
          <>
            <Meter share={over / total} tone={isWrong ? "wrong" : "done"} />
            <span>
              {count(done)} of {counted(total, "task")} done{failedText}
            </span>
          </>
        )}
      </div>
      <div className="session-marks small">
        {openApprovals > 0 ? <Tag tone="held">{counted(openApprovals, "question")}</Tag> : null}
        {moves > 0 ? <Tag>{counted(moves, "move")}</Tag> : null}
        <span className="soft">
          <Moment atMs={createTimeMs} />, {endTimeMs ? "took " : "for "}
          <Duration of={session} />
        </span>
      </div>
    </article>
  );
}
