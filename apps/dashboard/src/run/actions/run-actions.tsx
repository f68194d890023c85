import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Action } from "../../elements/action.tsx";
import { ConfirmForm } from "../../elements/confirm-form.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { Spelled } from "../../elements/spelled-popover.tsx";
import { useRunHandle } from "../live/run-context.tsx";
import type { RunFacts } from "../model/facts.ts";
import { hasRunEnded } from "../model/task-state.ts";
import { actionsOf, callOf, commandOf, type RunAction, similarRunOf } from "./actions.ts";
import { SignalDialog } from "./signal-dialog.tsx";

/** Actions on the run, each also as a REST call and as a CLI command. */
export function RunActions({ run }: { run: RunFacts }) {
  const { follow } = useRunHandle();
  const queries = useQueryClient();
  const [requested, setRequested] = useState<RunAction>();
  const [isSignalling, setIsSignalling] = useState(false);
  const done = () => {
    follow();
    void queries.invalidateQueries({ queryKey: ["run", run.id] });
  };
  const similarRun = similarRunOf(run);
  return (
    <>
      {actionsOf(run).map((action) => (
        <Action
          key={action.name}
          label={`${action.label} run`}
          weight={action.weight}
          call={callOf(run, action, "")}
          command={commandOf(run, action, "")}
          {...(action.question === undefined
            ? { doneText: action.doneText, onDone: done }
            : {
                perform: () => {
                  setRequested(action);
                  return undefined;
                },
              })}
        >
          {action.question === undefined ? `${action.label} run` : `${action.label} run …`}
        </Action>
      ))}
      {hasRunEnded(run.state) ? null : (
        <button type="button" className="press" onClick={() => setIsSignalling(true)}>
          Send signal …
        </button>
      )}
      {run.definition === "" ? null : (
        <span className="action plain">
          <Link to="/start" search={{ like: run.id }} className="press">
            Start similar run
          </Link>
          <Spelled label="Start similar run" {...similarRun} command={similarRun.command} />
        </span>
      )}
      <Dialog
        title={`${requested?.label} run ${run.id}`}
        open={requested !== undefined}
        onClose={() => setRequested(undefined)}
      >
        {requested === undefined ? null : (
          <ConfirmForm
            action={requested}
            subject="run"
            call={(reason) => callOf(run, requested, reason)}
            command={(reason) => commandOf(run, requested, reason)}
            onDone={() => {
              setRequested(undefined);
              done();
            }}
          />
        )}
      </Dialog>
      <Dialog title={`Signal ${run.id}`} open={isSignalling} onClose={() => setIsSignalling(false)}>
        {isSignalling ? <SignalDialog run={run} onDone={() => setIsSignalling(false)} /> : null}
      </Dialog>
    </>
  );
}
