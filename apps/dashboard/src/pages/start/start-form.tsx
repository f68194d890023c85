import { useNavigate } from "@tanstack/react-router";
import type { Definition, Run } from "@tutti/rest/types";
import { useMemo, useState } from "react";
import { type PageError, send } from "../../data/send.ts";
import { Action } from "../../elements/action.tsx";
import { TextField } from "../../elements/fields.tsx";
import { Failure, Part } from "../../elements/parts.tsx";
import { Tabs } from "../../elements/tabs.tsx";
import { draftOf } from "../../form/draft.ts";
import type { Draft, Field, FieldProblem } from "../../form/field.ts";
import { fieldOf } from "../../form/field-of-schema.ts";
import { filled, problemsUnder, problemText } from "../../form/filled.ts";
import { SchemaForm } from "../../form/form.tsx";
import "../../form/form.css";
import {
  draftLike,
  emptyRun,
  type RunDraft,
  runProblems,
  type StartKind,
  startBody,
  startCall,
  startCommand,
} from "./draft-run.ts";
import "./start.css";

type InputMode = "form" | "json";

/** The input as fields and as JSON. A change of either one updates the other. */
function useInput(field: Field, initial: unknown) {
  const [mode, setMode] = useState<InputMode>(field.kind === "raw" ? "json" : "form");
  const [draft, setDraft] = useState<Draft>(() => draftOf(field, initial));
  const [json, setJson] = useState(() => (initial === undefined ? "" : JSON.stringify(initial, null, 2)));
  const asForm = filled(field, draft);
  const asJson = filled({ kind: "raw", label: "", hint: "", required: false }, { kind: "raw", text: json });
  const change = (next: InputMode) => {
    if (next === "json") setJson(asForm.value === undefined ? "" : JSON.stringify(asForm.value, null, 2));
    else if (asJson.problems.length > 0) return;
    else setDraft(draftOf(field, asJson.value));
    setMode(next);
  };
  return { mode: mode, change, draft, setDraft, json, setJson, found: mode === "form" ? asForm : asJson };
}

interface StartOptions {
  definition: Definition;
  like?: Run | undefined;
  kind?: StartKind;
  /** Called before the start: publishes a template. */
  prepare?: () => Promise<unknown>;
}

/** Parameters and input of a definition as a form, and the button that starts it. */
export function StartForm({ definition, like, kind = "run", prepare }: StartOptions) {
  const { name = "", parameterSchema } = definition;
  const same = like?.spec?.definition?.name === name ? like.spec : undefined;
  const parameterField = useMemo(() => fieldOf(parameterSchema, "Parameters"), [parameterSchema]);
  const field = useMemo(() => fieldOf(definition.inputSchema), [definition.inputSchema]);
  const parameters = useInput(parameterField, same?.parameters);
  const input = useInput(field, same?.input);
  const [run, setRun] = useState<RunDraft>(() => ({
    ...(like === undefined ? emptyRun : draftLike(like)),
    workflow: name,
  }));
  const [submitted, setSubmitted] = useState(false);
  const [refusal, setRefusal] = useState<PageError | undefined>();
  const wrong = runProblems(run);
  const body = startBody(run, input.found.value, parameterSchema ? parameters.found.value : undefined);
  const call = startCall(kind, body);
  const problems = [...(parameterSchema ? parameters.found.problems : []), ...input.found.problems];
  const under = (paths: readonly string[]) => problemsUnder(paths, refusal?.fields ?? []);
  const perform = () => {
    setSubmitted(true);
    setRefusal(undefined);
    if (problems.length > 0 || Object.keys(wrong).length > 0) return;
    return (prepare?.() ?? Promise.resolve()).then(() => send(call));
  };
  const done = useStarted();
  return (
    <form noValidate onSubmit={(event) => event.preventDefault()}>
      {parameterSchema ? (
        <InputPart
          title="Parameters"
          field={parameterField}
          input={parameters}
          problems={[
            ...(submitted ? parameters.found.problems : []),
            ...under(["parameters", "spec.parameters"]),
          ]}
        />
      ) : null}
      <InputPart
        title="Input"
        field={field}
        input={input}
        description={prepare === undefined ? definition.description : undefined}
        problems={[...(submitted ? input.found.problems : []), ...under(["input", "spec.input"])]}
      />
      {kind === "run" ? <About run={run} wrong={submitted ? wrong : {}} onChange={setRun} /> : null}
      {refusal === undefined ? null : (
        <Failure title={`${titles[kind]} not started`} message={refusal.message} code={refusal.code} />
      )}
      <p className="start-foot">
        {submitted ? <Corrections count={problems.length + Object.keys(wrong).length} /> : null}
        <Action
          label={`Start ${kind}`}
          weight="main"
          submit
          call={call}
          command={startCommand(body, kind)}
          perform={perform}
          onDone={done}
          onError={setRefusal}
        />
      </p>
    </form>
  );
}

function Corrections({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <span className="problem" role="alert">
      {count === 1 ? "One field above needs a correction." : `${count} fields above need a correction.`}
    </span>
  );
}

const titles: Readonly<Record<StartKind, string>> = { run: "Run", mission: "Mission", session: "Session" };

/** Returns a function that opens the page of the started work. */
function useStarted(): (reply: unknown) => void {
  const navigate = useNavigate();
  return (reply) => {
    const started = (reply ?? {}) as {
      readonly run?: { readonly runId: string };
      readonly mission?: { readonly missionId?: string };
      readonly session?: { readonly sessionId?: string };
    };
    const { run, mission, session } = started;
    if (run !== undefined) void navigate({ to: "/runs/$runId", params: { runId: run.runId } });
    if (mission?.missionId !== undefined)
      void navigate({ to: "/missions/$missionId", params: { missionId: mission.missionId } });
    if (session?.sessionId !== undefined)
      void navigate({ to: "/sessions/$sessionId", params: { sessionId: session.sessionId } });
  };
}

function InputPart(options: {
  title: "Input" | "Parameters";
  field: Field;
  input: ReturnType<typeof useInput>;
  description?: string | undefined;
  problems: readonly FieldProblem[];
}) {
  const { title, field, input, description, problems } = options;
  return (
    <Part title={title} aside={description}>
      <Tabs
        label={`${title} format`}
        tabs={[
          ["form", "Form"],
          ["json", "JSON"],
        ]}
        current={input.mode}
        onChange={input.change}
      >
        {input.mode === "form" ? (
          <SchemaForm field={field} draft={input.draft} problems={problems} onChange={input.setDraft} />
        ) : (
          <TextField
            label={`${title} as JSON`}
            value={input.json}
            onChange={input.setJson}
            lines={14}
            code
            problem={problemText(input.found.problems.length > 0 ? input.found.problems : problems)}
            hint="Optional."
          />
        )}
      </Tabs>
    </Part>
  );
}

function About(options: {
  run: RunDraft;
  wrong: Readonly<Partial<Record<keyof RunDraft, string>>>;
  onChange: (run: RunDraft) => void;
}) {
  const { run, wrong, onChange } = options;
  return (
    <Part title="Options" aside="optional">
      <div className="start-about">
        <TextField
          label="Id"
          hint="With your own id, a repeated call returns the same run."
          value={run.runId}
          code
          onChange={(runId) => onChange({ ...run, runId })}
        />
        <TextField
          label="Labels"
          hint="name=value, with spaces between"
          value={run.labels}
          problem={wrong.labels}
          onChange={(labels) => onChange({ ...run, labels })}
        />
        <TextField
          label="Version"
          hint="A version label. Default: latest."
          value={run.version}
          onChange={(version) => onChange({ ...run, version })}
        />
        <TextField
          label="Pool"
          hint="The pool that assigns its tasks."
          value={run.pool}
          onChange={(pool) => onChange({ ...run, pool })}
        />
        <TextField
          label="Priority"
          hint="-100 to 100. Higher is more urgent."
          value={run.priority}
          problem={wrong.priority}
          onChange={(priority) => onChange({ ...run, priority })}
        />
      </div>
    </Part>
  );
}
