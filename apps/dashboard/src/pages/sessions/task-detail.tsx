import { useQuery } from "@tanstack/react-query";
import type { ExplainSessionReply, Session, SessionTask } from "@tutti/rest/types";
import { read } from "../../data/queries.ts";
import { Dialog } from "../../elements/dialog.tsx";
import { Explained } from "../../elements/explained.tsx";
import { Moment } from "../../elements/moment.tsx";
import { count } from "../../elements/moments.ts";
import { Facts } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine, pathOf } from "../../elements/spelled.ts";
import { Spelled } from "../../elements/spelled-popover.tsx";
import { WorkLink } from "../../elements/work-link.tsx";
import { ValueView } from "../../run/json/value-view.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { badgeOf, taskStates } from "../../score/states.ts";
import { usageText } from "../missions/mission.ts";
import { doneBy, modesOfParts } from "./session.ts";
import { VoiceMark } from "./voice-mark.tsx";

const refetchMs = 5_000;

interface DetailOptions {
  session: Session;
  task: SessionTask;
  onTask: (taskId: string) => void;
}

/** A task in full: the reason for its state first, then input and output. */
export function TaskDetail(
  options: Omit<DetailOptions, "task"> & { task: SessionTask | undefined; onClose: () => void },
) {
  const { session, task, onClose, onTask } = options;
  return (
    <Dialog title={task?.spec?.id ?? ""} open={task !== undefined} onClose={onClose} wide>
      {task === undefined ? null : <Detail session={session} task={task} onTask={onTask} />}
    </Dialog>
  );
}

function Detail({ session, task, onTask }: DetailOptions) {
  const { spec, status, statusReason, outcome, attempts = 0, work, partId = "" } = task;
  const failure = outcome?.failed ?? outcome?.cancelled ?? outcome?.terminated;
  return (
    <div className="session-detail">
      <p>
        <BadgeMark badge={badgeOf(taskStates, status)} />
        {statusReason ? <span className="soft"> {statusReason}</span> : null}
      </p>
      {failure === undefined ? null : (
        <p className="tone-wrong session-failed">
          {failure.message || failure.code} <code className="small">{failure.code}</code>
        </p>
      )}
      <ExplanationView session={session} task={task} onTask={onTask} />
      <Facts
        facts={[
          ["done by", doneBy(task) || "–"],
          ["in", <VoiceMark key="mode" mode={modesOfParts(session).get(partId)} />],
          ["part", partId || "–"],
          ["at", work === undefined ? "–" : <WorkLink key="work" about={work} />],
          ["agent", task.agentId || "–"],
          ["attempts", count(attempts)],
          ["needs", (spec?.needs ?? []).map((need) => need.task).join(", ") || "–"],
          ["used", usageText(task.used) || "–"],
          ["ready", <Moment key="ready" atMs={task.readyTimeMs} />],
          ["began", <Moment key="began" atMs={task.startTimeMs} />],
          ["ended", <Moment key="ended" atMs={task.endTimeMs} />],
        ]}
      />
      {spec?.input === undefined ? null : (
        <section>
          <h3>Input</h3>
          <ValueView value={spec.input} label="the input of the task" />
        </section>
      )}
      {outcome !== undefined && "completed" in outcome && outcome.completed !== undefined ? (
        <section>
          <h3>Output</h3>
          <ValueView value={outcome.completed} label="the output of the task" />
        </section>
      ) : null}
    </div>
  );
}

function ExplanationView({ session: { sessionId }, task, onTask }: DetailOptions) {
  const taskId = task.spec?.id ?? "";
  const path = pathOf(["sessions", sessionId, "why"], { task: taskId });
  const query = useQuery({
    // The key changes with the task, so that the query runs again.
    queryKey: ["session", sessionId, "why", taskId, task.status, task.agentId],
    queryFn: ({ signal }) => read<ExplainSessionReply>(path, signal),
    refetchInterval: refetchMs,
    placeholderData: (before) => before,
  });
  return (
    <section>
      <h3 className="session-why">
        Explanation{" "}
        <Spelled
          label="Why"
          call={{ method: "GET", path }}
          command={commandLine("tutti", "why", sessionId, taskId)}
        />
      </h3>
      <QueryView query={query} label="the reason" lines={2}>
        {({ explanation }) =>
          explanation === undefined ? null : <Explained explanation={explanation} onPart={onTask} />
        }
      </QueryView>
    </section>
  );
}
