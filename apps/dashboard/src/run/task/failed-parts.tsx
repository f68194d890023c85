import { useQuery } from "@tanstack/react-query";
import type { Task } from "@tutti/rest/types";
import { useMemo, useState } from "react";
import { send } from "../../data/send.ts";
import { Action } from "../../elements/action.tsx";
import { count, counted } from "../../elements/moments.ts";
import { actionsOf, retriedMax, retryTasksOf, runPath } from "../actions/actions.ts";
import { useRunHandle, useStore } from "../live/run-context.tsx";
import { useGo } from "../live/use-address.ts";
import type { RunFacts } from "../model/facts.ts";
import { taskOf } from "../model/read.ts";
import { failedPartsOf } from "./failed-parts.ts";

const initialMax = 10;

/** Failed entries of a task with their inputs and errors, and a button that retries exactly these. */
export function FailedParts({ run, within }: { run: RunFacts; within: string }) {
  const { store, follow } = useRunHandle();
  const version = useStore(({ table }) => table.version);
  const [visible, setVisible] = useState(initialMax);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the table stays the same object. Its version changes.
  const { failed, cancelled } = useMemo(
    () => failedPartsOf(store.table.tasks, within),
    [store, version, within],
  );
  if (failed.length === 0) return null;
  const retried = [...failed, ...cancelled];
  const canRetry = actionsOf(run).some(({ name }) => name === "retry") && retried.length <= retriedMax;
  const retry = retryTasksOf(run, retried);
  const also = cancelled.length === 0 ? "" : ` and ${count(cancelled.length)} cancelled`;
  return (
    <section className="run-panel-part run-failed-parts">
      <h2>{counted(failed.length, "failed part")}</h2>
      <ul>
        {failed.slice(0, visible).map((id) => (
          <FailedPart key={id} run={run} id={id} />
        ))}
      </ul>
      {failed.length > visible ? (
        <button type="button" className="text-link" onClick={() => setVisible(visible + 50)}>
          Show {count(Math.min(50, failed.length - visible))} more
        </button>
      ) : null}
      {canRetry ? (
        <p>
          <Action
            label="Retry these parts"
            weight="main"
            {...retry}
            doneText={`${counted(retried.length, "part")} retried.`}
            onDone={follow}
          >
            Retry {count(failed.length)} failed{also}
          </Action>
        </p>
      ) : null}
    </section>
  );
}

function FailedPart({ run, id }: { run: RunFacts; id: string }) {
  const go = useGo();
  const { data } = useQuery({
    queryKey: ["run", run.id, "task", id, run.eventCount],
    queryFn: async ({ signal }) =>
      taskOf((await send({ method: "GET", path: runPath(run, ["tasks", id]) }, signal)) as Task),
    placeholderData: (before) => (before?.id === id ? before : undefined),
  });
  // An approval has no input.
  const input = data?.input === undefined || data.input === null ? "" : JSON.stringify(data.input);
  return (
    <li>
      <button type="button" className="text-link" onClick={() => go({ task: id })}>
        {id}
      </button>
      <code className="small clipped" title={input}>
        {input}
      </code>
      <span className="small tone-wrong">
        {data?.failure?.message || data?.failure?.code || data?.reason}
      </span>
    </li>
  );
}
