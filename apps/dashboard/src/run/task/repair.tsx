import { useState } from "react";
import type { PageError } from "../../data/send.ts";
import { Action } from "../../elements/action.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { ChoiceField, TextField } from "../../elements/fields.tsx";
import { Failure } from "../../elements/parts.tsx";
import { type Repair as How, repairOf } from "../actions/actions.ts";
import { jsonOf } from "../json/parse.ts";
import type { RunFacts, TaskFacts } from "../model/facts.ts";

/** A person says what became of a task: an output, nothing, or an error. Always with a reason. */
export function Repair({ run, task }: { run: RunFacts; task: TaskFacts }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <button type="button" className="press" onClick={() => setIsOpen(true)}>
        Repair task …
      </button>
      <Dialog title={`Repair ${task.id}`} open={isOpen} onClose={() => setIsOpen(false)}>
        <Form run={run} task={task} onDone={() => setIsOpen(false)} />
      </Dialog>
    </>
  );
}

const kinds = [
  ["output", "Complete with an output"],
  ["skip", "Skip and continue"],
  ["skip-all", "Skip with dependent tasks"],
  ["fail", "Fail"],
] as const;

function Form({ run, task, onDone }: { run: RunFacts; task: TaskFacts; onDone: () => void }) {
  const [kind, setKind] = useState<(typeof kinds)[number][0]>("output");
  const [output, setOutput] = useState("null");
  const [message, setMessage] = useState("");
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState<PageError>();
  const value = jsonOf(output);
  const how = howOf(kind, "value" in value ? value.value : null, message);
  const wrongOutput = kind === "output" && "problem" in value ? value.problem : undefined;
  const isReady =
    reason.trim() !== "" && wrongOutput === undefined && (kind !== "fail" || message.trim() !== "");
  return (
    <form className="run-form" onSubmit={(event) => event.preventDefault()}>
      <ChoiceField
        label="Result"
        value={kind}
        choices={kinds}
        onChange={(next) => setKind(kinds.find(([name]) => name === next)?.[0] ?? "output")}
      />
      {kind === "output" ? (
        <TextField
          label="Output as JSON"
          value={output}
          onChange={setOutput}
          lines={6}
          code
          problem={wrongOutput}
        />
      ) : null}
      {kind === "fail" ? (
        <TextField label="Error message" value={message} onChange={setMessage} required />
      ) : null}
      <TextField
        label="Reason"
        value={reason}
        onChange={setReason}
        hint="Recorded in the history with your name."
        required
      />
      {problem === undefined ? null : (
        <Failure title="Task not repaired" message={problem.message} code={problem.code} />
      )}
      <div className="dialog-foot">
        <Action
          label="Repair task"
          weight="main"
          submit
          call={repairOf(run, task.id, how, reason.trim())}
          disabled={!isReady}
          said={`Repaired ${task.id}.`}
          onDone={onDone}
          onError={setProblem}
        />
      </div>
    </form>
  );
}

function howOf(kind: (typeof kinds)[number][0], output: unknown, message: string): How {
  if (kind === "output") return { kind, output };
  if (kind === "fail") return { kind, message: message.trim() };
  return { kind: "skip", skipDependents: kind === "skip-all" };
}
