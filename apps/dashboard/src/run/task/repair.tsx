import { useMemo, useState } from "react";
import type { PageError } from "../../data/send.ts";
import { Action } from "../../elements/action.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { ChoiceField, TextField } from "../../elements/fields.tsx";
import { Failure } from "../../elements/parts.tsx";
import { canChangeInput, canRepair, type Repair as How, repairOf } from "../actions/actions.ts";
import { jsonOf } from "../json/parse.ts";
import { useStore } from "../live/run-context.tsx";
import type { RunFacts, TaskFacts } from "../model/facts.ts";
import { dependentsOf } from "../model/needs.ts";

/** Repairs a task manually: another input, an output, a skip, or an error. A reason is always required. */
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
  ["input", "Run with another input"],
  ["output", "Complete with an output"],
  ["skip", "Skip and continue"],
  ["skip-all", "Skip with dependent tasks"],
  ["fail", "Fail"],
] as const;

function Form({ run, task, onDone }: { run: RunFacts; task: TaskFacts; onDone: () => void }) {
  const choices = kinds.filter(([name]) =>
    name === "input" ? canChangeInput(run, task) : canRepair(run, task),
  );
  const [kind, setKind] = useState<Kind>(canRepair(run, task) ? "output" : "input");
  const [output, setOutput] = useState("null");
  const [input, setInput] = useState(JSON.stringify(task.input ?? null, null, 2));
  const [message, setMessage] = useState("");
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState<PageError>();
  const value = jsonOf(kind === "input" ? input : output);
  const repair = repairFrom(kind, "value" in value ? value.value : null, message);
  const hasValue = kind === "output" || kind === "input";
  const wrongOutput = hasValue && "problem" in value ? value.problem : undefined;
  const isReady =
    reason.trim() !== "" && wrongOutput === undefined && (kind !== "fail" || message.trim() !== "");
  return (
    <form className="run-form" onSubmit={(event) => event.preventDefault()}>
      <ChoiceField
        label="Result"
        value={kind}
        choices={choices}
        onChange={(next) => setKind(kinds.find(([name]) => name === next)?.[0] ?? "output")}
      />
      {kind === "input" ? (
        <InputField taskId={task.id} value={input} onChange={setInput} problem={wrongOutput} />
      ) : null}
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
          call={repairOf(run, task.id, repair, reason.trim())}
          disabled={!isReady}
          doneText={`Repaired ${task.id}.`}
          onDone={onDone}
          onError={setProblem}
        />
      </div>
    </form>
  );
}

/** The input, with the tasks that run again. */
function InputField({
  taskId,
  ...field
}: Pick<Parameters<typeof TextField>[0], "value" | "onChange" | "problem"> & { taskId: string }) {
  const table = useStore((each) => each.table);
  const followers = useMemo(() => dependentsOf(table.tasks, taskId), [table, taskId]);
  return <TextField label="Input as JSON" lines={6} code hint={followersText(followers)} {...field} />;
}

/** Tasks that run again with the task. */
function followersText(followers: readonly string[]): string {
  if (followers.length === 0) return "The task runs with it. No task needs it.";
  const listed = followers.slice(0, followersMax).join(", ");
  const rest = followers.length > followersMax ? `, and ${followers.length - followersMax} more` : "";
  return `The task runs with it. Then tasks that need it run again: ${listed}${rest}.`;
}

const followersMax = 8;

type Kind = (typeof kinds)[number][0];

function repairFrom(kind: Kind, output: unknown, message: string): How {
  if (kind === "input") return { kind, input: output };
  if (kind === "output") return { kind, output };
  if (kind === "fail") return { kind, message: message.trim() };
  return { kind: "skip", skipDependents: kind === "skip-all" };
}
