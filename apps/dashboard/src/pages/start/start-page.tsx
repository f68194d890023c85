import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Definition, Run } from "@tutti/rest/types";
import { useMemo, useState } from "react";
import { runQuery, workflowQuery, workflowsQuery } from "../../data/queries.ts";
import { type PageError, send } from "../../data/send.ts";
import { Action } from "../../elements/action.tsx";
import { ChoiceField, TextField } from "../../elements/fields.tsx";
import { Empty, Failure, PageHead, Part, Waiting } from "../../elements/parts.tsx";
import { Shown } from "../../elements/shown.tsx";
import { Tabs } from "../../elements/tabs.tsx";
import { draftOf } from "../../form/draft.ts";
import type { Draft, Field, FieldProblem } from "../../form/field.ts";
import { fieldOf } from "../../form/field-of-schema.ts";
import { filled, problemsUnder } from "../../form/filled.ts";
import { SchemaForm } from "../../form/form.tsx";
import "../../form/form.css";
import { draftLike, emptyRun, type RunDraft, runProblems, startBody, startCommand } from "./draft-run.ts";
import "./start.css";

/** Starts a run: what, with which input, and what is known of it. */
export function StartPage() {
  const { workflow, like } = useSearch({ from: "/start" });
  const navigate = useNavigate({ from: "/start" });
  const workflows = useQuery(workflowsQuery());
  const source = useQuery({ ...runQuery(like ?? ""), enabled: like !== undefined });
  const chosen = workflow ?? source.data?.spec?.definition?.name ?? "";
  return (
    <div className="start-page">
      <PageHead
        title="Start a run"
        below={
          like === undefined ? (
            "Choose a workflow and fill in its input."
          ) : (
            <>
              like{" "}
              <Link to="/runs/$runId" params={{ runId: like }}>
                {like}
              </Link>
            </>
          )
        }
      />
      <Shown query={workflows} what="workflows" lines={6}>
        {({ definitions }) => {
          // A list of one page: a name that is not in it is looked up.
          const isKnown = definitions.some(({ name }) => name === chosen);
          return definitions.length === 0 ? (
            <Empty title="No workflows yet.">
              <p>
                <Link to="/editor">Create workflow</Link>, or in a terminal:{" "}
                <code>npx tutti workflow register order.yaml</code>
              </p>
            </Empty>
          ) : (
            <>
              <Part title="Workflow">
                <ChoiceField
                  label="Workflow"
                  value={isKnown ? chosen : ""}
                  required
                  choices={[
                    ...(isKnown ? [] : [["", "choose one"] as const]),
                    ...definitions
                      .filter(({ archived, name }) => archived !== true || name === chosen)
                      .map(({ name = "" }) => [name, name] as const),
                  ]}
                  onChange={(next) =>
                    void navigate({ search: { workflow: next, ...(like === undefined ? {} : { like }) } })
                  }
                />
              </Part>
              {chosen === "" ? null : like !== undefined && source.data === undefined ? (
                <LikeWaits error={source.error} />
              ) : (
                <OfWorkflow key={chosen} name={chosen} like={source.data} />
              )}
            </>
          );
        }}
      </Shown>
    </div>
  );
}

function LikeWaits({ error }: { error: Error | null }) {
  if (error === null) return <Waiting what="the run" />;
  return <Failure title="Template run cannot be read" message={error.message} />;
}

function OfWorkflow({ name, like }: { name: string; like: Run | undefined }) {
  const query = useQuery(workflowQuery(name));
  return (
    <Shown query={query} what="the workflow" lines={6}>
      {(definition) => <StartForm definition={definition} like={like} />}
    </Shown>
  );
}

type How = "form" | "json";

/** The input as fields and as JSON: both show the same, whichever is changed. */
function useInput(field: Field, given: unknown) {
  const [how, setHow] = useState<How>(field.kind === "raw" ? "json" : "form");
  const [draft, setDraft] = useState<Draft>(() => draftOf(field, given));
  const [json, setJson] = useState(() => (given === undefined ? "" : JSON.stringify(given, null, 2)));
  const asForm = filled(field, draft);
  const asJson = filled({ kind: "raw", label: "", hint: "", required: false }, { kind: "raw", text: json });
  const change = (next: How) => {
    if (next === "json") setJson(asForm.value === undefined ? "" : JSON.stringify(asForm.value, null, 2));
    else if (asJson.problems.length > 0) return;
    else setDraft(draftOf(field, asJson.value));
    setHow(next);
  };
  return { how, change, draft, setDraft, json, setJson, found: how === "form" ? asForm : asJson };
}

function StartForm({ definition, like }: { definition: Definition; like: Run | undefined }) {
  const navigate = useNavigate();
  const { name = "" } = definition;
  const field = useMemo(() => fieldOf(definition.inputSchema), [definition.inputSchema]);
  const input = useInput(field, like?.spec?.definition?.name === name ? like.spec.input : undefined);
  const [run, setRun] = useState<RunDraft>(() => ({
    ...(like === undefined ? emptyRun : draftLike(like)),
    workflow: name,
  }));
  const [tried, setTried] = useState(false);
  const [refusal, setRefusal] = useState<PageError | undefined>();
  const wrong = runProblems(run);
  const body = startBody(run, input.found.value);
  const shown: readonly FieldProblem[] = [
    ...(tried ? input.found.problems : []),
    ...problemsUnder(["input", "spec.input"], refusal?.fields ?? []),
  ];
  const perform = () => {
    setTried(true);
    setRefusal(undefined);
    if (input.found.problems.length > 0 || Object.keys(wrong).length > 0) return;
    return send({ method: "POST", path: "/v1/runs", body });
  };
  const done = (reply: unknown) => {
    const { run: started } = (reply ?? {}) as { run?: Run };
    if (started !== undefined) void navigate({ to: "/runs/$runId", params: { runId: started.runId } });
  };
  return (
    <form noValidate onSubmit={(event) => event.preventDefault()}>
      <InputPart field={field} input={input} description={definition.description} problems={shown} />
      <About run={run} wrong={tried ? wrong : {}} onChange={setRun} />
      {refusal === undefined ? null : (
        <Failure title="Run not started" message={refusal.message} code={refusal.code} />
      )}
      <p className="start-foot">
        {tried && input.found.problems.length > 0 ? (
          <span className="problem" role="alert">
            {input.found.problems.length === 1
              ? "One field above needs a correction."
              : `${input.found.problems.length} fields above need a correction.`}
          </span>
        ) : null}
        <Action
          label="Start run"
          weight="main"
          submit
          call={{ method: "POST", path: "/v1/runs", body }}
          command={startCommand(body)}
          perform={perform}
          onDone={done}
          onError={setRefusal}
        />
      </p>
    </form>
  );
}

function InputPart(options: {
  field: Field;
  input: ReturnType<typeof useInput>;
  description: string | undefined;
  problems: readonly FieldProblem[];
}) {
  const { field, input, description, problems } = options;
  return (
    <Part title="Input" aside={description}>
      <Tabs
        label="Input format"
        tabs={[
          ["form", "Form"],
          ["json", "JSON"],
        ]}
        current={input.how}
        onChange={input.change}
      >
        {input.how === "form" ? (
          <SchemaForm field={field} draft={input.draft} problems={problems} onChange={input.setDraft} />
        ) : (
          <TextField
            label="Input as JSON"
            value={input.json}
            onChange={input.setJson}
            lines={14}
            code
            problem={input.found.problems[0]?.message ?? problems[0]?.message}
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
