import type { CreateKeyReply } from "@tutti/rest/types";
import { useState } from "react";
import { type PageError, send } from "../../data/send.ts";
import { Action } from "../../elements/action.tsx";
import { ChoiceField, TextField } from "../../elements/fields.tsx";
import { Failure } from "../../elements/parts.tsx";
import {
  emptyKey,
  isForAgent,
  type KeyDraft,
  type KeyProblems,
  keyBody,
  keyCommand,
  keyProblems,
  lifetimes,
} from "./keys.ts";

/** A form for a new key: owner, lifetime, and scope. */
export function KeyForm({ onCreated }: { onCreated: (reply: CreateKeyReply) => void }) {
  const [draft, setDraft] = useState<KeyDraft>(emptyKey);
  const [submitted, setSubmitted] = useState(false);
  const [refusal, setRefusal] = useState<PageError | undefined>();
  const problems = submitted ? keyProblems(draft) : {};
  const patch = (next: Partial<KeyDraft>) => setDraft({ ...draft, ...next });
  const call = { method: "POST", path: "/v1/keys", body: keyBody(draft) } as const;
  return (
    <form noValidate onSubmit={(event) => event.preventDefault()}>
      <div className="key-form">
        <Fields draft={draft} problems={problems} onChange={patch} />
        {isForAgent(draft) ? <AgentFields draft={draft} problems={problems} onChange={patch} /> : null}
      </div>
      {refusal === undefined ? null : (
        <Failure title="Key not created" message={refusal.message} code={refusal.code} />
      )}
      <div className="dialog-foot">
        <Action
          label="Create key"
          weight="main"
          submit
          call={call}
          command={keyCommand(draft)}
          perform={() => {
            setSubmitted(true);
            setRefusal(undefined);
            return Object.keys(keyProblems(draft)).length > 0 ? undefined : send(call);
          }}
          onDone={(reply) => {
            if (reply !== undefined) onCreated(reply as CreateKeyReply);
          }}
          onError={setRefusal}
        />
      </div>
    </form>
  );
}

interface FieldsOptions {
  draft: KeyDraft;
  problems: KeyProblems;
  onChange: (next: Partial<KeyDraft>) => void;
}

function Fields({ draft, problems, onChange }: FieldsOptions) {
  return (
    <>
      <TextField
        label="Purpose"
        value={draft.title}
        required
        problem={problems.title}
        placeholder="print service"
        onChange={(title) => onChange({ title })}
      />
      <TextField
        label="Owner"
        value={draft.who}
        problem={problems.who}
        placeholder="yourself"
        hint="Example: agent:press, person:ada or service:mail."
        code
        onChange={(who) => onChange({ who: who.trim() })}
      />
      <ChoiceField
        label="Lifetime"
        value={draft.lasts}
        choices={lifetimes}
        onChange={(lasts) => onChange({ lasts })}
      />
      <TextField
        label="Allowed actions"
        value={draft.actions}
        placeholder="all actions of the owner"
        hint="Patterns. Example: workflow.runs.*"
        code
        onChange={(actions) => onChange({ actions })}
      />
    </>
  );
}

/** The capabilities that an agent may offer and the pools that it may join. Only for keys of agents. */
function AgentFields({ draft, problems, onChange }: FieldsOptions) {
  return (
    <>
      <TextField
        label="Offered capabilities"
        value={draft.offers}
        placeholder="as registered"
        hint="Patterns. Example: print.*"
        code
        onChange={(offers) => onChange({ offers })}
      />
      <TextField label="Pools" value={draft.pools} code onChange={(pools) => onChange({ pools })} />
      <TextField
        label="Maximum slots"
        value={draft.slots}
        problem={problems.slots}
        placeholder="no limit"
        inputMode="numeric"
        onChange={(slots) => onChange({ slots: slots.trim() })}
      />
    </>
  );
}
