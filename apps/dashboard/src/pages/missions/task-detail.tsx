import { useQuery } from "@tanstack/react-query";
import type { BoardTask, Explanation, Handoff, Mission } from "@tutti/rest/types";
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
import { actorOf, doneBy, usageText } from "./mission.ts";
import { assignmentDetails, partText } from "./reading.ts";

const refetchMs = 5_000;

interface TaskDetailOptions {
  mission: Mission;
  task: BoardTask;
  onTask: (taskId: string) => void;
}

/** A task in full: the reason for its state first, then input and output. */
export function TaskDetail(
  options: Omit<TaskDetailOptions, "task"> & { task: BoardTask | undefined; onClose: () => void },
) {
  const { mission, task, onClose, onTask } = options;
  return (
    <Dialog title={task?.spec?.id ?? ""} open={task !== undefined} onClose={onClose} wide>
      {task === undefined ? null : <Detail mission={mission} task={task} onTask={onTask} />}
    </Dialog>
  );
}

function Detail({ mission, task, onTask }: TaskDetailOptions) {
  const { spec, status, statusReason, outcome, handoffs, claim, child, attempts = 0 } = task;
  const failure = outcome?.failed ?? outcome?.cancelled ?? outcome?.terminated;
  const needs = spec?.needs ?? [];
  return (
    <div className="mission-detail">
      <p>
        <BadgeMark badge={badgeOf(taskStates, status)} />
        {statusReason ? <span className="soft"> {statusReason}</span> : null}
      </p>
      {failure === undefined ? null : (
        <p className="tone-wrong mission-failed">
          {failure.message || failure.code} <code className="small">{failure.code}</code>
        </p>
      )}
      <ExplanationView mission={mission} task={task} onTask={onTask} />
      <Facts
        facts={[
          ["done by", doneBy(task) || "–"],
          ["whose", assignmentDetails(task, mission.spec?.assignment)],
          ["claim expires", <Moment key="expire" atMs={claim?.expireTimeMs} />],
          ["attempts", count(attempts)],
          ["needs", needs.map((need) => need.task).join(", ") || "–"],
          ["used", usageText(task.used) || "–"],
          ["added by", actorOf(task.addCause) || "–"],
          ["added", <Moment key="added" atMs={task.addTimeMs} />],
          ["part of", partText(task) || "–"],
          ["in", child === undefined ? "–" : <WorkLink key="child" about={child} />],
        ]}
      />
      <Handoffs handoffs={handoffs} />
      {spec?.input === undefined ? null : (
        <section>
          <h3>Input</h3>
          <ValueView value={spec.input} label="the input of the task" />
        </section>
      )}
      {outcome !== undefined && "completed" in outcome ? (
        <section>
          <h3>Output</h3>
          <ValueView value={outcome.completed ?? null} label="the output of the task" />
        </section>
      ) : null}
    </div>
  );
}

function ExplanationView({ mission: { missionId }, task, onTask }: TaskDetailOptions) {
  const taskId = task.spec?.id ?? "";
  const path = pathOf(["missions", missionId, "why"], { task: taskId });
  const query = useQuery({
    // The key changes with the task, so that the query runs again.
    queryKey: ["mission", missionId, "why", taskId, task.status, task.claim?.claimId],
    queryFn: ({ signal }) => read<Explanation>(path, signal),
    refetchInterval: refetchMs,
    placeholderData: (before) => before,
  });
  return (
    <section>
      <h3 className="mission-why">
        Explanation{" "}
        <Spelled
          label="Why"
          call={{ method: "GET", path }}
          command={commandLine("tutti", "why", missionId, taskId)}
        />
      </h3>
      <QueryView query={query} label="the reason" lines={2}>
        {(explanation) => <Explained explanation={explanation} onPart={onTask} />}
      </QueryView>
    </section>
  );
}

function Handoffs({ handoffs }: { handoffs: readonly Handoff[] }) {
  if (handoffs.length === 0) return null;
  return (
    <section>
      <h3>Handoffs</h3>
      <ol className="mission-handoffs">
        {handoffs.map(({ fromAgentId, to, reason, handoffTimeMs }) => (
          <li key={`${handoffTimeMs} ${fromAgentId}`}>
            {fromAgentId} to {to} <Moment atMs={handoffTimeMs} />
            {reason ? `: ${reason}` : ""}
          </li>
        ))}
      </ol>
    </section>
  );
}
