import { Link } from "@tanstack/react-router";
import { Moment } from "../../elements/moment.tsx";
import { percent, span } from "../../elements/moments.ts";
import { Meter } from "../../elements/parts.tsx";
import { Glyph } from "../../score/glyph.tsx";
import type { AttemptFacts, TaskFacts } from "../model/facts.ts";
import { hasTaskEnded } from "../model/task-state.ts";

/** Each attempt, the latest first. */
export function Attempts({ task }: { task: TaskFacts }) {
  const { attempts, attemptCount } = task;
  if (attempts.length === 0) return null;
  return (
    <section className="run-panel-part">
      <h3>{attemptCount > 1 ? `${attemptCount} attempts` : "Attempt"}</h3>
      <ol className="run-attempts">
        {attempts.toReversed().map((attempt) => (
          <One key={attempt.number} attempt={attempt} task={task} />
        ))}
      </ol>
      {attemptCount > attempts.length ? (
        <p className="small soft">Of those before, the history tells.</p>
      ) : null}
    </section>
  );
}

function One({ attempt, task }: { attempt: AttemptFacts; task: TaskFacts }) {
  const { number, agent, pool, queueMs, startMs, endMs, failure, progress, message } = attempt;
  const isLast = number === task.attemptCount;
  const isAtWork = isLast && !hasTaskEnded(task.state) && failure === undefined && startMs > 0 && endMs === 0;
  const tone = failure !== undefined ? "wrong" : isAtWork ? "playing" : endMs > 0 ? "done" : "rest";
  return (
    <li className={`run-attempt tone-${tone}`}>
      <span className="run-attempt-mark">
        <Glyph
          name={failure !== undefined ? "cross" : isAtWork ? "note" : endMs > 0 ? "final" : "tied-rest"}
          beating={isAtWork}
        />
        {number}
      </span>
      <div className="run-attempt-words">
        <p className="small">
          {failure !== undefined
            ? failure.message || failure.code
            : isAtWork
              ? `at work${message === "" ? "" : `: ${message}`}`
              : endMs > 0
                ? "ended well"
                : "waits for a worker"}
        </p>
        {isAtWork && progress > 0 ? (
          <p className="run-attempt-progress">
            <Meter share={progress} /> <span className="small">{percent(progress)}</span>
          </p>
        ) : null}
        <p className="small soft">
          {agent === "" ? null : <Link to="/workers">{agent}</Link>}
          {agent !== "" && pool !== "" ? " in " : ""}
          {pool}
          {startMs > 0 && queueMs > 0 ? ` · ${span(startMs - queueMs)} in the queue` : ""}
          {startMs > 0 && endMs > 0 ? ` · ${span(endMs - startMs)} at work` : ""}
          {endMs > 0 ? " · ended " : ""}
          {endMs > 0 ? <Moment atMs={endMs} /> : null}
        </p>
      </div>
    </li>
  );
}
