import { Link } from "@tanstack/react-router";
import { Moment } from "../../elements/moment.tsx";
import { percent, span } from "../../elements/moments.ts";
import { Meter } from "../../elements/parts.tsx";
import { Glyph } from "../../score/glyph.tsx";
import type { AttemptFacts, TaskFacts } from "../model/facts.ts";
import { hasTaskEnded } from "../model/task-state.ts";

/** Each attempt, the latest first. Attempts to undo the effect of the task are listed apart and not counted. */
export function Attempts({ task }: { task: TaskFacts }) {
  const { attemptCount } = task;
  const attempts = task.attempts.filter(({ isCompensation }) => !isCompensation);
  const undone = task.attempts.filter(({ isCompensation }) => isCompensation);
  return (
    <>
      {attemptCount === 0 ? null : (
        <section className="run-panel-part">
          <h3>{headingOf(task)}</h3>
          <List attempts={attempts} task={task} />
          {attemptCount > attempts.length ? (
            <p className="small soft">The history lists earlier attempts.</p>
          ) : null}
        </section>
      )}
      {undone.length === 0 ? null : (
        <section className="run-panel-part">
          <h3>Compensation</h3>
          <List attempts={undone} task={task} />
        </section>
      )}
    </>
  );
}

/** Each turn of a durable function or an agent is an attempt of its task. */
function headingOf({ attemptCount, kind }: TaskFacts): string {
  if (kind === "function") return attemptCount > 1 ? `${attemptCount} turns` : "Turn";
  return attemptCount > 1 ? `${attemptCount} attempts` : "Attempt";
}

function List({ attempts, task }: { attempts: readonly AttemptFacts[]; task: TaskFacts }) {
  return (
    <ol className="run-attempts">
      {attempts.toReversed().map((attempt) => (
        <AttemptItem key={attempt.number} attempt={attempt} task={task} />
      ))}
    </ol>
  );
}

type AttemptStatus = "failed" | "running" | "ended" | "queued";

function statusOf(attempt: AttemptFacts, { attempts, state }: TaskFacts): AttemptStatus {
  if (attempt.failure !== undefined) return "failed";
  const isLast = attempt === attempts.at(-1);
  if (attempt.isCompensation && state !== "compensating") return "ended";
  if (attempt.endMs > 0) return "ended";
  return isLast && !hasTaskEnded(state) && attempt.startMs > 0 ? "running" : "queued";
}

const statusStyles = {
  failed: { tone: "wrong", glyph: "cross" },
  running: { tone: "playing", glyph: "note" },
  ended: { tone: "done", glyph: "final" },
  queued: { tone: "rest", glyph: "tied-rest" },
} as const;

function AttemptItem({ attempt, task }: { attempt: AttemptFacts; task: TaskFacts }) {
  const { number, agent, pool, queueMs, startMs, endMs, failure, progress, message } = attempt;
  const status = statusOf(attempt, task);
  const isRunning = status === "running";
  const { tone, glyph } = statusStyles[status];
  const texts: Readonly<Record<AttemptStatus, string>> = {
    failed: failure?.message || failure?.code || "failed",
    running: `running${message === "" ? "" : `: ${message}`}`,
    ended: "completed",
    queued: "waits for a worker",
  };
  return (
    <li className={`run-attempt tone-${tone}`}>
      <span className="run-attempt-mark">
        <Glyph name={glyph} beating={isRunning} />
        {number}
      </span>
      <div className="run-attempt-words">
        <p className="small">{texts[status]}</p>
        {isRunning && progress > 0 ? (
          <p className="run-attempt-progress">
            <Meter share={progress} /> <span className="small">{percent(progress)}</span>
          </p>
        ) : null}
        <p className="small soft">
          {agent === "" ? null : <Link to="/workers">{agent}</Link>}
          {agent !== "" && pool !== "" ? " in " : ""}
          {pool}
          {startMs > 0 && queueMs > 0 ? ` · ${span(startMs - queueMs)} queued` : ""}
          {startMs > 0 && endMs > 0 ? ` · ${span(endMs - startMs)} running` : ""}
          {endMs > 0 ? " · ended " : ""}
          {endMs > 0 ? <Moment atMs={endMs} /> : null}
        </p>
      </div>
    </li>
  );
}
