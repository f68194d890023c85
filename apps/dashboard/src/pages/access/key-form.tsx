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

/** Makes a key: for whom, how long, and what it is narrowed to. */
export function KeyForm({ onMade }: { onMade: (reply: CreateKeyReply) => void }) {
  const [draft, setDraft] = useState<KeyDraft>(emptyKey);
  const [tried, setTried] = useState(false);
  const [refusal, setRefusal] = useState<PageError | undefined>();
  const problems = tried ? keyProblems(draft) : {};
  const put = (next: Partial<KeyDraft>) => setDraft({ ...draft, ...next });
  const call = { method: "POST", path: "/v1/keys", body: keyBody(draft) } as const;
  return (
    <form noValidate onSubmit={(event) => event.preventDefault()}>
      <div className="key-form">
        <Fields draft={draft} problems={problems} onChange={put} />
        {isForAgent(draft) ? <AgentFields draft={draft} problems={problems} onChange={put} /> : null}
      </div>
      {refusal === undefined ? null : (
        <Failure title="The key was not made" message={refusal.message} code={refusal.code} />
      )}
      <div className="dialog-foot">
        <Action
          label="Make the key"
          weight="main"
          submit
          call={call}
          command={keyCommand(draft)}
          perform={() => {
            setTried(true);
            setRefusal(undefined);
            return Object.keys(keyProblems(draft)).length > 0 ? undefined : send(call);
          }}
          onDone={(reply) => {
            if (reply !== undefined) onMade(reply as CreateKeyReply);
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
        label="What it is for"
        value={draft.title}
        required
        problem={problems.title}
        placeholder="the printing press"
        onChange={(title) => onChange({ title })}
      />
      <TextField
        label="For whom"
        value={draft.who}
        problem={problems.who}
        placeholder="yourself"
        hint="As agent:press, person:ada or service:mail."
        code
        onChange={(who) => onChange({ who: who.trim() })}
      />
      <ChoiceField
        label="Lasts"
        value={draft.lasts}
        choices={lifetimes}
        onChange={(lasts) => onChange({ lasts })}
      />
      <TextField
        label="Only these actions"
        value={draft.actions}
        placeholder="all that they may"
        hint="Patterns, as workflow.runs.*"
        code
        onChange={(actions) => onChange({ actions })}
      />
    </>
  );
}

/** What an agent may offer and take, which is said of agents alone. */
function AgentFields({ draft, problems, onChange }: FieldsOptions) {
  return (
    <>
      <TextField
        label="May offer"
        value={draft.offers}
        placeholder="as is kept of the agent"
        hint="Patterns of capabilities, as print.*"
        code
        onChange={(offers) => onChange({ offers })}
      />
      <TextField label="In the pools" value={draft.pools} code onChange={(pools) => onChange({ pools })} />
      <TextField
        label="Slots at most"
        value={draft.slots}
        problem={problems.slots}
        placeholder="any number"
        inputMode="numeric"
        onChange={(slots) => onChange({ slots: slots.trim() })}
      />
    </>
  );
}
