import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Choice, Mode } from "@tutti/rest/types";
import { choicesQuery } from "../../data/queries.ts";
import { pageError } from "../../data/send.ts";
import { CopyLine } from "../../elements/copy.tsx";
import { Moment } from "../../elements/moment.tsx";
import { Empty, Failure, Loading, PageHead, Tag } from "../../elements/parts.tsx";
import { commandLine, pathOf } from "../../elements/spelled.ts";
import { Spelled } from "../../elements/spelled-popover.tsx";
import { LearnedPart } from "../models/learned-part.tsx";
import { ModeFilter } from "./mode-filter.tsx";
import { choiceText, chosenMode, outcomeText } from "./session.ts";
import "./sessions.css";
import { VoiceMark } from "./voice-mark.tsx";
import { voiceOf } from "./voices.ts";

const modes = ["workflow", "swarm", "intelligence", "hybrid"] as const;

/** Choices of modes for sessions without a set mode: reason, certainty and outcome. */
export function ChoicesPage() {
  const { mode } = useSearch({ from: "/choices" });
  const navigate = useNavigate({ from: "/choices" });
  const change = (next: Mode | undefined) =>
    void navigate({ search: next === undefined ? {} : { mode: next }, replace: true });
  const filter = mode === undefined ? {} : { mode };
  const query = useInfiniteQuery(choicesQuery(filter));
  const choices = query.data?.pages.flatMap((page) => page.choices) ?? [];
  const isLoaded = query.data !== undefined;
  const command = commandLine("tutti", "session", "choices", ...(mode === undefined ? [] : ["--mode", mode]));
  return (
    <>
      <PageHead
        title="Choices"
        below="Modes that Tutti chose for adaptive sessions, with results"
        actions={
          <>
            <Link to="/sessions" className="press">
              Sessions
            </Link>
            <span className="action lone">
              <Spelled
                label="This list"
                call={{ method: "GET", path: pathOf(["choices"], filter) }}
                command={command}
              />
            </span>
          </>
        }
      />
      <search className="sessions-look">
        <ModeFilter
          legend="Chosen"
          offered={modes}
          chosen={mode === undefined ? [] : [mode]}
          onChange={(next, isChosen) => change(isChosen ? next : undefined)}
        />
      </search>
      {isLoaded || query.error !== null ? null : <Loading label="choices" lines={6} />}
      {isLoaded || query.error === null ? null : (
        <Failure
          title="Choices cannot be shown"
          {...pageError(query.error)}
          onRetry={() => void query.refetch()}
        />
      )}
      {isLoaded && choices.length === 0 && !query.hasNextPage ? (
        <Nothing mode={mode} onAll={() => change(undefined)} />
      ) : null}
      {choices.length === 0 ? null : (
        <ul className="choices" aria-label="Choices">
          {choices.map((choice) => (
            <li key={`${choice.sessionId} ${choice.choiceId}`}>
              <Line choice={choice} />
            </li>
          ))}
        </ul>
      )}
      {query.hasNextPage ? (
        <button type="button" className="press" onClick={() => void query.fetchNextPage()}>
          Earlier ones
        </button>
      ) : null}
      <LearnedPart />
    </>
  );
}

function Line({ choice }: { choice: Choice }) {
  const { sessionId = "", kind, reason = "", chooseTimeMs } = choice;
  return (
    <article className="choice-line">
      <div className="choice-what">
        <h2>
          <Link to="/sessions/$sessionId" params={{ sessionId }} search={{ view: "choices" }}>
            {sessionId}
          </Link>
        </h2>
        <span className="small soft">
          <Moment atMs={chooseTimeMs} />
        </span>
      </div>
      <div className="small">
        <VoiceMark mode={chosenMode(choice)} /> <Tag>{choiceText(choice)}</Tag>
      </div>
      <p className="small">{outcomeText(choice) ?? (kind === "cut" ? "no estimate" : "not ended yet")}</p>
      <p className="small soft choice-why">{reason}</p>
    </article>
  );
}

function Nothing({ mode, onAll }: { mode: Mode | undefined; onAll: () => void }) {
  if (mode !== undefined)
    return (
      <Empty title={`No choices of ${voiceOf(mode).label} yet.`}>
        <button type="button" className="press" onClick={onAll}>
          Show all choices
        </button>
      </Empty>
    );
  return (
    <Empty title="No choices yet.">
      <p>In adaptive mode, Tutti chooses how to run a session. Preview a choice:</p>
      <CopyLine label="command" text="tutti plan session.yaml" />
    </Empty>
  );
}
