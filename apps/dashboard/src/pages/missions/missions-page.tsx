import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Mission } from "@tutti/rest/types";
import { client } from "../../data/live.ts";
import { useLive } from "../../data/use-live.ts";
import { CopyLine } from "../../elements/copy.tsx";
import { Moment } from "../../elements/moment.tsx";
import { count, counted, percent } from "../../elements/moments.ts";
import { Empty, Failure, Loading, Meter, PageHead, Tag } from "../../elements/parts.tsx";
import { commandLine, pathOf } from "../../elements/spelled.ts";
import { Spelled } from "../../elements/spelled-popover.tsx";
import { VirtualCards } from "../../elements/virtual-cards.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { badgeOf, runStates } from "../../score/states.ts";
import { StateFilter, Typed } from "../runs/filters.tsx";
import { budgetShare, tasksOver, titleOf } from "./mission.ts";
import { MissionsStore } from "./missions-store.ts";
import "./missions.css";
import { type MissionsSearch, missionsSearch } from "./search.ts";

/** Number of missions at the start of the stream. */
const newestMax = 1_000;
const rowPx = 84;

/** All missions, live: goal, progress and blockers of each. */
export function MissionsPage() {
  const search = useSearch({ from: "/missions" });
  const navigate = useNavigate({ from: "/missions" });
  const change = (next: MissionsSearch) => void navigate({ search: next, replace: true });
  const { missions, isComplete, problem } = useMissions(search);
  const isFiltered = Object.keys(search).length > 0;
  const isFull = missions.length >= newestMax;
  return (
    <>
      <PageHead
        title="Missions"
        below={
          isComplete ? `${isFull ? "the newest " : ""}${counted(missions.length, "mission")}` : <>&nbsp;</>
        }
        actions={
          <span className="action lone">
            <Spelled
              label="This list"
              call={{ method: "GET", path: pathOf(["missions"], { ...search }) }}
              command={listCommand(search)}
            />
          </span>
        }
      />
      <search className="missions-look">
        <Typed
          label="Search"
          placeholder="id, title, label or error"
          kind="search"
          value={search.text}
          onChange={(text) => change(missionsSearch({ ...search, text }))}
        />
        <StateFilter
          chosen={search.status ?? []}
          onChange={(status) => change(missionsSearch({ ...search, status }))}
        />
      </search>
      {problem === undefined ? null : (
        <Failure title="Missions cannot be shown" message={problem.message} code={problem.code} />
      )}
      {!isComplete && problem === undefined ? <Loading label="missions" lines={8} /> : null}
      {isComplete && missions.length === 0 ? (
        <NoMissions isFiltered={isFiltered} onClear={() => change({})} />
      ) : null}
      {isComplete && missions.length > 0 ? (
        <VirtualCards
          items={missions}
          keyOf={({ missionId }) => missionId}
          label="Missions"
          rowPx={rowPx}
          className="missions"
        >
          {(mission) => <Line mission={mission} />}
        </VirtualCards>
      ) : null}
    </>
  );
}

function useMissions({ text, status }: MissionsSearch) {
  const query = { ...(text === undefined ? {} : { text }), ...(status === undefined ? {} : { status }) };
  return useLive(
    JSON.stringify(query),
    (later) => new MissionsStore(later),
    (signal) => client.follow("missions.watchAll", { query }, { signal }),
  );
}

function listCommand({ text, status = [] }: MissionsSearch): string {
  const states = status.flatMap((each) => ["--state", each]);
  return commandLine("tutti", "mission", "list", ...states, ...(text === undefined ? [] : ["--text", text]));
}

function NoMissions({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  if (isFiltered)
    return (
      <Empty title="No missions match.">
        <button type="button" className="press" onClick={onClear}>
          Show all missions
        </button>
      </Empty>
    );
  return (
    <Empty title="No missions yet.">
      <p>In a mission, agents share tasks, a blackboard and a budget. Start one with the CLI.</p>
      <CopyLine
        label="command"
        text="tutti mission start --goal 'a name for the cat' --add-task think=names.think"
      />
    </Empty>
  );
}

function Line({ mission }: { mission: Mission }) {
  const { missionId, status, tasks, leader, createTimeMs } = mission;
  const total = tasks?.total ?? 0;
  const over = tasksOver(tasks);
  const title = titleOf(mission);
  return (
    <article className="mission-line">
      <div className="mission-what">
        <h2>
          <Link to="/missions/$missionId" params={{ missionId }} className="clipped">
            {title || missionId}
          </Link>
        </h2>
        <p className="small soft clipped">
          {title === "" ? "" : missionId}
          {leader ? ` · led by ${leader}` : ""}
        </p>
      </div>
      <div className="mission-stand">
        <BadgeMark badge={badgeOf(runStates, status)} />
      </div>
      <div className="mission-far small">
        {total === 0 ? (
          <span className="soft">no tasks yet</span>
        ) : (
          <>
            <Meter share={over / total} tone="done" />
            <span>
              {count(over)} of {counted(total, "task")}
            </span>
          </>
        )}
      </div>
      <BudgetMeter mission={mission} />
      <div className="mission-marks small">
        <Marks mission={mission} />
        <span className="soft">
          <Moment atMs={createTimeMs} />
        </span>
      </div>
    </article>
  );
}

const nearlyUsed = 0.9;

function BudgetMeter({ mission: { budget } }: { mission: Mission }) {
  const share = budgetShare(budget);
  if (share === undefined) return <div className="mission-far small soft">no budget</div>;
  return (
    <div className="mission-far small">
      <Meter share={share} tone={share >= nearlyUsed ? "held" : "playing"} />
      <span>{percent(share)} of the budget</span>
    </div>
  );
}

/** Marks for a mission that needs attention. */
function Marks({ mission: { trouble, openApprovals = 0, openVotes = 0 } }: { mission: Mission }) {
  return (
    <>
      {openApprovals > 0 ? <Tag tone="held">{counted(openApprovals, "question")}</Tag> : null}
      {openVotes > 0 ? <Tag tone="playing">{counted(openVotes, "open vote")}</Tag> : null}
      {trouble ? <Tag tone="wrong">{trouble}</Tag> : null}
    </>
  );
}
