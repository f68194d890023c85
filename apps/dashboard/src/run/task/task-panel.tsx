import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Task } from "@tutti/rest/types";
import { useEffect, useRef } from "react";
import { pageError, send } from "../../data/send.ts";
import { Action } from "../../elements/action.tsx";
import { Lasting, Moment } from "../../elements/moment.tsx";
import { counted, figure, span } from "../../elements/moments.ts";
import { Facts, Failure, Loading, Tag } from "../../elements/parts.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import {
  canChangeInput,
  canRepair,
  canRetryTask,
  resumeTaskOf,
  retryTasksOf,
  runPath,
} from "../actions/actions.ts";
import { Approvals } from "../approve/approvals.tsx";
import { badgeOfNumber } from "../graph/tones.ts";
import { ValueView } from "../json/value-view.tsx";
import { useRunHandle, useStore } from "../live/run-context.tsx";
import { useGo } from "../live/use-address.ts";
import type { RunFacts, TaskFacts } from "../model/facts.ts";
import { taskOf } from "../model/read.ts";
import { hasTaskEnded } from "../model/task-state.ts";
import { Attempts } from "./attempts.tsx";
import { ExplanationView } from "./explanation-view.tsx";
import { FailedParts } from "./failed-parts.tsx";
import { Failing } from "./failing.tsx";
import { PartialOutput } from "./partial-output.tsx";
import { Parts } from "./parts-list.tsx";
import { Repair } from "./repair.tsx";

/** All details of one task: state and reason, input and output, attempts, and actions. */
export function TaskPanel({ taskId, event }: { taskId: string; event: number | undefined }) {
  const { store } = useRunHandle();
  const go = useGo();
  const run = useStore((each) => each.run);
  const known = useStore(({ table }) => table.task(taskId));
  const place = useStore(({ table }) => table.places.get(taskId) ?? -1);
  const state = useStore((each) => each.stateAt(place));
  const title = useRef<HTMLHeadingElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new task scrolls to the top
  useEffect(() => {
    title.current?.closest(".run-panel")?.scrollTo({ top: 0 });
  }, [taskId]);
  if (known === undefined || run === undefined) {
    return (
      <aside className="run-panel" aria-label="Task">
        {store.streamStatus === "connecting" ? (
          <Loading label="the task" />
        ) : (
          <>
            <Failure
              title="Task not found"
              message={`This run has no task ${taskId}. It may start later, or a reset removed it.`}
            />
            <button type="button" className="press" onClick={() => go({ task: "", view: undefined })}>
              Close
            </button>
          </>
        )}
      </aside>
    );
  }
  return (
    <aside className="run-panel" aria-label={`Task ${taskId}`}>
      <header className="run-panel-head">
        <div>
          <h2 ref={title}>{known.title === "" ? known.id : known.title}</h2>
          <p className="small soft">
            <code>{known.id}</code>
            {known.uses === "" ? null : (
              <>
                {" "}
                uses <code>{known.uses}</code>
              </>
            )}
            {known.gang === "" ? null : (
              <>
                , starts with the gang <code>{known.gang}</code>
              </>
            )}
          </p>
        </div>
        <button
          type="button"
          className="close"
          onClick={() => go({ task: "", view: undefined })}
          aria-label="Close the task"
        >
          ×
        </button>
      </header>
      <BadgeMark badge={badgeOfNumber(state)} />
      {event !== undefined && state === 0 ? (
        <p className="soft">After event {event} this task had not started yet.</p>
      ) : (
        <TaskContent run={run} known={known} event={event} />
      )}
    </aside>
  );
}

function TaskContent({ run, known, event }: { run: RunFacts; known: TaskFacts; event: number | undefined }) {
  const { id } = known;
  const stamp = `${known.state} ${known.attemptCount} ${known.endMs} ${known.nextMs}`;
  const query = useQuery({
    queryKey: ["run", run.id, "task", id, event ?? stamp],
    queryFn: async ({ signal }) => {
      const path = runPath(run, ["tasks", id], { atEvent: event });
      return taskOf((await send({ method: "GET", path }, signal)) as Task);
    },
    placeholderData: (before) => (before?.id === id ? before : undefined),
  });
  const task = query.data ?? known;
  const isNow = event === undefined;
  const isOver = hasTaskEnded(task.state);
  return (
    <>
      {task.failure !== undefined ? <Failing failure={task.failure} /> : null}
      {task.failure === undefined && task.reason !== "" ? <p className="soft">{task.reason}</p> : null}
      {isNow ? <Approvals run={run} task={id} /> : null}
      {isNow && !isOver ? <ExplanationView run={run} taskId={id} stamp={stamp} /> : null}
      {isNow ? <Doings run={run} task={task} /> : null}
      <Times task={task} />
      {query.error !== null && query.data === undefined ? (
        <Failure
          title="Input and output cannot be shown"
          message={pageError(query.error).message}
          onRetry={() => void query.refetch()}
        />
      ) : null}
      <section className="run-panel-part">
        <h3>Input</h3>
        {query.data === undefined && query.isLoading ? (
          <Loading label="the input" lines={2} />
        ) : (
          <ValueView key={`in ${id}`} value={task.input} label={`the input of ${id}`} />
        )}
      </section>
      {task.hasOutput ? (
        <section className="run-panel-part">
          <h3>Output {task.fromCache ? <Tag>from the cache</Tag> : null}</h3>
          <ValueView key={`out ${id}`} value={task.output ?? null} label={`the output of ${id}`} />
        </section>
      ) : null}
      {isNow ? (
        <PartialOutput runId={run.id} taskId={id} isOver={isOver} attempt={task.attemptCount} />
      ) : null}
      {isNow ? <FailedParts run={run} within={id} /> : null}
      <Attempts task={task} />
      <Parts taskId={id} />
    </>
  );
}

function Doings({ run, task }: { run: RunFacts; task: TaskFacts }) {
  const { follow } = useRunHandle();
  const retry = canRetryTask(run, task) ? retryTasksOf(run, [task.id]) : undefined;
  const resume = task.state === "paused" ? resumeTaskOf(run, task.id) : undefined;
  const isMendable = canRepair(run, task) || canChangeInput(run, task);
  if (retry === undefined && resume === undefined && !isMendable) return null;
  return (
    <div className="run-panel-actions">
      {retry === undefined ? null : (
        <Action
          label="Retry task"
          weight="main"
          {...retry}
          doneText={`Retried ${task.id}.`}
          onDone={follow}
        />
      )}
      {resume === undefined ? null : (
        <Action label="Resume task" weight="main" {...resume} doneText={`Resumed ${task.id}.`} />
      )}
      {isMendable ? <Repair run={run} task={task} /> : null}
    </div>
  );
}

function Times({ task }: { task: TaskFacts }) {
  const { readyMs, startMs, endMs, nextMs, child, used, sentBack, labels, priority } = task;
  const facts: (readonly [string, React.ReactNode])[] = [];
  if (readyMs > 0) facts.push(["ready", <Moment key="r" atMs={readyMs} />]);
  if (startMs > 0) facts.push(["duration", <Lasting key="l" fromMs={startMs} toMs={endMs} />]);
  if (readyMs > 0 && startMs > readyMs) facts.push(["waited", span(startMs - readyMs)]);
  if (endMs > 0) facts.push(["ended", <Moment key="e" atMs={endMs} />]);
  if (nextMs > 0 && endMs === 0) facts.push(["due", <Moment key="n" atMs={nextMs} />]);
  if (sentBack > 0) facts.push(["sent back", counted(sentBack, "time")]);
  if (priority !== 0) facts.push(["priority", String(priority)]);
  if (child !== undefined && child.kind === "run")
    facts.push([
      "child run",
      <Link key="c" to="/runs/$runId" params={{ runId: child.id }}>
        {child.id}
      </Link>,
    ]);
  if (used !== undefined)
    facts.push([
      "used",
      [
        used.timeMs > 0 ? span(used.timeMs) : "",
        used.tokens > 0 ? counted(used.tokens, "token") : "",
        used.money > 0 ? figure(used.money) : "",
      ]
        .filter(Boolean)
        .join(", "),
    ]);
  const named = Object.entries(labels);
  return (
    <>
      {facts.length === 0 ? null : <Facts facts={facts} />}
      {named.length === 0 ? null : (
        <p className="run-tags">
          {named.map(([name, value]) => (
            <Tag key={name}>
              {name}={value}
            </Tag>
          ))}
        </p>
      )}
    </>
  );
}
