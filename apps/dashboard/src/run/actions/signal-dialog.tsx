import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { workflowQuery } from "../../data/queries.ts";
import type { PageError } from "../../data/send.ts";
import { Action } from "../../elements/action.tsx";
import { ChoiceField, TextField } from "../../elements/fields.tsx";
import { Failure } from "../../elements/parts.tsx";
import { draftOf } from "../../form/draft.ts";
import { fieldOf } from "../../form/field-of-schema.ts";
import { filled } from "../../form/filled.ts";
import { SchemaForm } from "../../form/form.tsx";
import { jsonOf } from "../json/parse.ts";
import type { RunFacts } from "../model/facts.ts";
import { signalOf } from "./actions.ts";

const another = "";

/** Sends a signal with a payload: by a declared form, or with any name and any JSON. */
export function SignalDialog({ run, onDone }: { run: RunFacts; onDone: () => void }) {
  const definition = useQuery({
    ...workflowQuery(run.definition, run.definitionHash === "" ? {} : { hash: run.definitionHash }),
    enabled: run.definition !== "",
  });
  const declared = (definition.data?.entries ?? []).filter(({ kind }) => kind === "signal");
  const [chosen, setChosen] = useState<string>();
  const name = chosen ?? declared[0]?.name ?? another;
  const entry = declared.find((each) => each.name === name);
  const choices = [
    ...declared.map((each) => [each.name ?? "", each.name ?? ""] as const),
    [another, "another name"] as const,
  ];
  return (
    <div className="run-form">
      {declared.length === 0 ? null : (
        <ChoiceField
          label="Signal"
          value={name}
          choices={choices}
          onChange={setChosen}
          hint={entry?.description}
        />
      )}
      {entry?.inputSchema ? (
        <ByForm key={name} run={run} name={name} onDone={onDone} schema={entry.inputSchema} />
      ) : (
        <SignalForm key={name} run={run} name={name} onDone={onDone} />
      )}
    </div>
  );
}

function ByForm({
  run,
  name,
  schema,
  onDone,
}: {
  run: RunFacts;
  name: string;
  schema: string;
  onDone: () => void;
}) {
  const field = useMemo(() => fieldOf(schema, "Payload"), [schema]);
  const [draft, setDraft] = useState(() => draftOf(field));
  const { value, problems } = filled(field, draft);
  return (
    <>
      <SchemaForm field={field} draft={draft} problems={problems} onChange={setDraft} />
      <Send run={run} name={name} value={value} onDone={onDone} isReady={problems.length === 0} />
    </>
  );
}

function SignalForm({ run, name, onDone }: { run: RunFacts; name: string; onDone: () => void }) {
  const [typed, setTyped] = useState(name);
  const [text, setText] = useState("");
  const payload = jsonOf(text);
  const problem = "problem" in payload ? payload.problem : undefined;
  return (
    <>
      {name === another ? (
        <TextField label="Signal name" value={typed} onChange={setTyped} required code />
      ) : null}
      <TextField label="Payload as JSON" value={text} onChange={setText} lines={5} code problem={problem} />
      <Send
        run={run}
        onDone={onDone}
        name={typed.trim()}
        value={"value" in payload && text.trim() !== "" ? payload.value : undefined}
        isReady={problem === undefined && typed.trim() !== ""}
      />
    </>
  );
}

function Send(options: {
  run: RunFacts;
  name: string;
  value: unknown;
  isReady: boolean;
  onDone: () => void;
}) {
  const { run, name, value, isReady, onDone } = options;
  const [problem, setProblem] = useState<PageError>();
  const spelling = signalOf(run, name === "" ? "NAME" : name, value);
  return (
    <>
      {problem === undefined ? null : (
        <Failure title="Signal not sent" message={problem.message} code={problem.code} />
      )}
      <div className="dialog-foot">
        <Action
          label="Send signal"
          weight="main"
          {...spelling}
          disabled={!isReady}
          doneText={`Sent ${name} to ${run.id}.`}
          onDone={onDone}
          onError={setProblem}
        />
      </div>
    </>
  );
}
