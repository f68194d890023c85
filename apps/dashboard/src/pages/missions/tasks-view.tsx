import type { BoardTask, Mission } from "@tutti/rest/types";
import { useDeferredValue, useMemo, useState } from "react";
import { TextField } from "../../elements/fields.tsx";
import { Moment } from "../../elements/moment.tsx";
import { percent } from "../../elements/moments.ts";
import { Empty, Meter } from "../../elements/parts.tsx";
import { StateChoices } from "../../elements/state-choices.tsx";
import { VirtualCards } from "../../elements/virtual-cards.tsx";
import { WorkLink } from "../../elements/work-link.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { badgeOf, taskStates } from "../../score/states.ts";
import { doneBy, isMatchingTask, statesOf, type TaskFilter } from "./mission.ts";
import { assignmentDetails, partText } from "./reading.ts";
import { TaskDetail } from "./task-detail.tsx";

const rowPx = 62;

/** The tasks on the board: state, agent and requirements of each. A task opens with the reason for its state. */
export function TasksView(options: {
  mission: Mission;
  tasks: readonly BoardTask[];
  /** The open task. Empty for none. */
  open: string;
  onOpen: (taskId: string) => void;
}) {
  const { mission, tasks, open, onOpen } = options;
  const [filter, setFilter] = useState<TaskFilter>({ text: "", state: "" });
  const deferredFilter = useDeferredValue(filter);
  const visible = useMemo(
    () => tasks.filter((task) => isMatchingTask(task, deferredFilter)),
    [tasks, deferredFilter],
  );
  const counts = useMemo(() => statesOf(tasks), [tasks]);
  const opened = open === "" ? undefined : tasks.find(({ spec }) => spec?.id === open);
  if (tasks.length === 0)
    return <Empty title="No tasks yet.">Agents and people add tasks while the mission runs.</Empty>;
  return (
    <>
      <div className="mission-look">
        <TextField
          label="Search"
          type="search"
          value={filter.text}
          placeholder="id, title, capability or agent"
          onChange={(text) => setFilter({ ...filter, text })}
        />
        <StateChoices
          label="State"
          counts={counts}
          badgeOf={(state) => badgeOf(taskStates, state)}
          chosen={filter.state}
          onChoose={(state) => setFilter({ ...filter, state })}
        />
      </div>
      {visible.length === 0 ? <Empty title="No tasks match." /> : null}
      <VirtualCards
        items={visible}
        keyOf={({ spec }) => spec?.id ?? ""}
        label="Tasks"
        rowPx={rowPx}
        className="lines-of"
      >
        {(task) => <Line task={task} onOpen={onOpen} />}
      </VirtualCards>
      <TaskDetail mission={mission} task={opened} onClose={() => onOpen("")} onTask={onOpen} />
    </>
  );
}

function Line({ task, onOpen }: { task: BoardTask; onOpen: (taskId: string) => void }) {
  const {
    spec,
    status,
    statusReason,
    claim,
    attempts = 0,
    child,
    progress = 0,
    endTimeMs,
    startTimeMs,
    addTimeMs,
  } = task;
  const { id = "", title = "", needs = [] } = spec ?? {};
  const part = partText(task);
  return (
    <div className="mission-task">
      <BadgeMark badge={badgeOf(taskStates, status)} />
      <div className="mission-task-what">
        <button type="button" className="text-link" onClick={() => onOpen(id)}>
          {id}
        </button>{" "}
        <span className="soft">{title || doneBy(task)}</span>
        {statusReason ? <div className="small soft">{statusReason}</div> : null}
        {part === "" ? null : <div className="small soft">{part}</div>}
        {progress > 0 && !endTimeMs ? (
          <div className="small mission-progress">
            <Meter share={progress} /> {percent(progress)}
          </div>
        ) : null}
      </div>
      <span className="small">
        {claim?.agentId ? assignmentDetails(task) : null}
        {child === undefined ? null : <WorkLink about={child} />}
      </span>
      <span className="small soft mission-needs">
        {needs.length === 0 ? "" : `after ${needs.map((need) => need.task).join(", ")}`}
      </span>
      <span className="small soft mission-task-when">
        {attempts > 1 ? `attempt ${attempts} · ` : ""}
        <Moment atMs={endTimeMs || startTimeMs || addTimeMs} />
      </span>
    </div>
  );
}
