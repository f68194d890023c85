import type { Session, SessionTask } from "@tutti/rest/types";
import { useDeferredValue, useMemo, useState } from "react";
import { TextField } from "../../elements/fields.tsx";
import { Moment } from "../../elements/moment.tsx";
import { Empty } from "../../elements/parts.tsx";
import { StateChoices } from "../../elements/state-choices.tsx";
import { VirtualCards } from "../../elements/virtual-cards.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { badgeOf, taskStates } from "../../score/states.ts";
import { statesOf } from "../missions/mission.ts";
import { doneBy, modesOfParts } from "./session.ts";
import { VoiceMark } from "./voice-mark.tsx";

const rowPx = 62;

/** The tasks over all parts of the session: state, mode and agent of each. */
export function TasksView(options: {
  session: Session;
  tasks: readonly SessionTask[];
  onOpen: (taskId: string) => void;
}) {
  const { session, tasks, onOpen } = options;
  const [text, setText] = useState("");
  const [state, setState] = useState("");
  const filterText = useDeferredValue(text.toLowerCase());
  const visible = useMemo(
    () =>
      tasks.filter((task) => {
        if (state !== "" && task.status !== state) return false;
        const searched = [task.spec?.id, task.spec?.title, doneBy(task), task.agentId]
          .join(" ")
          .toLowerCase();
        return filterText.split(/\s+/).every((term) => searched.includes(term));
      }),
    [tasks, filterText, state],
  );
  const counts = useMemo(() => statesOf(tasks), [tasks]);
  const modes = useMemo(() => modesOfParts(session), [session]);
  if (tasks.length === 0) return <Empty title="No tasks yet.">Tasks follow from the goal.</Empty>;
  return (
    <>
      <div className="session-look">
        <TextField
          label="Search"
          type="search"
          value={text}
          placeholder="id, title, capability or agent"
          onChange={setText}
        />
        <StateChoices
          label="State"
          counts={counts}
          badgeOf={(each) => badgeOf(taskStates, each)}
          chosen={state}
          onChoose={setState}
        />
      </div>
      {visible.length === 0 ? <Empty title="No tasks match." /> : null}
      <VirtualCards
        items={visible}
        keyOf={({ spec }) => spec?.id ?? ""}
        label="Tasks"
        rowPx={rowPx}
        className="sessions"
      >
        {(task) => (
          <div className="session-task">
            <BadgeMark badge={badgeOf(taskStates, task.status)} />
            <span>
              <button type="button" className="text-link" onClick={() => onOpen(task.spec?.id ?? "")}>
                {task.spec?.id}
              </button>{" "}
              <span className="soft">{task.spec?.title || doneBy(task)}</span>
            </span>
            <VoiceMark mode={modes.get(task.partId ?? "")} />
            <span className="small">{task.agentId}</span>
            <span className="small soft">
              {(task.attempts ?? 0) > 1 ? `attempt ${task.attempts} · ` : ""}
              <Moment atMs={task.endTimeMs || task.startTimeMs || task.readyTimeMs} />
            </span>
          </div>
        )}
      </VirtualCards>
    </>
  );
}
