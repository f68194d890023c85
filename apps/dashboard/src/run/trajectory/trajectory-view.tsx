import { type ToolCall, type Trajectory, type Turn, trajectoriesOf } from "@tutti/rest/history";
import { useMemo } from "react";
import { count, counted, figure, span } from "../../elements/moments.ts";
import { Empty, Failure, Loading, Part, Tag } from "../../elements/parts.tsx";
import { ValueView } from "../json/value-view.tsx";
import { useHistory, useStore } from "../live/run-context.tsx";
import { useGo } from "../live/use-address.ts";

/** The steps of the run's agents: each answer with tokens, cost, time, and input and output of each call. */
export function TrajectoryView() {
  const history = useHistory();
  const until = useStore(({ past }) => past?.event);
  const { events, version } = history;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version changes with new events
  const agents = useMemo(() => trajectoriesOf(events, until), [version, until]);
  return (
    <div className="run-trajectory">
      {history.problem === "" ? null : <Failure title="History incomplete" message={history.problem} />}
      {agents.length === 0 ? (
        history.isLoading ? (
          <Loading label="the trajectory" lines={8} />
        ) : (
          <Empty title="No model answers yet." />
        )
      ) : null}
      {agents.map((agent) => (
        <Agent key={agent.task} agent={agent} />
      ))}
    </div>
  );
}

function Agent({ agent }: { agent: Trajectory }) {
  const { task, turns, inputTokens, outputTokens, usd, startMs, endMs } = agent;
  const used = [
    counted(turns.length, "turn"),
    `${count(inputTokens)} tokens in`,
    `${count(outputTokens)} tokens out`,
    ...(usd > 0 ? [`$${figure(usd)}`] : []),
    endMs > 0 ? span(endMs - startMs) : "running",
  ];
  return (
    <Part title={`Agent ${task}`} aside={<TaskButton task={task} />}>
      <p className="soft">{used.join(" · ")}</p>
      <ol className="run-turns" aria-label={`Turns of ${task}`}>
        {turns.map((turn) => (
          <TurnItem key={turn.step} turn={turn} />
        ))}
      </ol>
    </Part>
  );
}

function TurnItem({ turn }: { turn: Turn }) {
  const { step, model, text, inputTokens, outputTokens, tookMs, error, calls } = turn;
  const tokens = `${count(inputTokens)} tokens in, ${count(outputTokens)} out`;
  return (
    <li>
      <p className="small soft">
        <code>{step}</code>{" "}
        {[model, error === "" ? tokens : "", span(tookMs)].filter((each) => each !== "").join(" · ")}
      </p>
      {error === "" ? null : <p className="problem">{error}</p>}
      {text === "" ? null : <p className="run-turn-text">{text}</p>}
      {calls.map((call, place) => (
        // Calls of an answer never move.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <Call key={place} call={call} />
      ))}
    </li>
  );
}

const toneOf = {
  "not run": "rest",
  running: "rest",
  completed: "done",
  failed: "wrong",
  result: "done",
} as const satisfies Record<ToolCall["state"], string>;

function Call({ call }: { call: ToolCall }) {
  const { name, input, state, task, startMs, endMs, received, output, error } = call;
  const isChanged = received !== undefined && JSON.stringify(received) !== JSON.stringify(input);
  return (
    <section className="run-call" aria-label={`Call of ${name}`}>
      <header>
        <code>{name}</code> <Tag tone={toneOf[state]}>{state}</Tag>{" "}
        {endMs > 0 ? <span className="small soft">{span(endMs - startMs)}</span> : null}{" "}
        {task === "" ? null : <TaskButton task={task} />}
      </header>
      <p className="small soft">Input</p>
      <ValueView value={input} label={`the input of ${name}`} />
      {isChanged ? (
        <>
          <p className="small soft">Input, changed before the call</p>
          <ValueView value={received} label={`the changed input of ${name}`} />
        </>
      ) : null}
      {state === "completed" ? (
        <>
          <p className="small soft">Output</p>
          <ValueView value={output} label={`the output of ${name}`} />
        </>
      ) : null}
      {error === "" ? null : <p className="problem">{error}</p>}
    </section>
  );
}

function TaskButton({ task }: { task: string }) {
  const go = useGo();
  return (
    <button type="button" className="press" onClick={() => go({ task })}>
      Show task {task}
    </button>
  );
}
