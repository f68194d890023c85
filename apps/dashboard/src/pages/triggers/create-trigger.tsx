import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { workflowsQuery } from "../../data/queries.ts";
import { ChoiceField, TextField } from "../../elements/fields.tsx";
import { CreateForm } from "../../elements/starters.tsx";
import {
  createCommand,
  emptyTrigger,
  type TriggerDraft,
  type TriggerProblems,
  triggerBody,
  triggerProblems,
} from "./rules.ts";
import { useRefresh } from "./trigger-actions.tsx";

/** A form for a new trigger: event, condition, and workflow. */
export function CreateTrigger({ onDone }: { onDone: () => void }) {
  const [draft, setDraft] = useState<TriggerDraft>(emptyTrigger);
  const navigate = useNavigate();
  const refresh = useRefresh();
  const problems = triggerProblems(draft);
  return (
    <CreateForm
      kind="trigger"
      call={{ method: "POST", path: "/v1/triggers", body: triggerBody(draft) }}
      command={createCommand(draft)}
      isValid={Object.keys(problems).length === 0}
      onCreated={() => {
        refresh();
        void navigate({ to: "/triggers/$triggerId", params: { triggerId: draft.id.trim() } });
      }}
      onClose={onDone}
    >
      {(isSubmitted) => <Rules draft={draft} problems={isSubmitted ? problems : {}} onChange={setDraft} />}
    </CreateForm>
  );
}

interface RulesOptions {
  draft: TriggerDraft;
  problems: TriggerProblems;
  onChange: (draft: TriggerDraft) => void;
}

function Rules({ draft, problems, onChange }: RulesOptions) {
  const { data } = useQuery(workflowsQuery());
  const names = (data?.definitions ?? []).map(({ name = "" }) => [name, name] as const);
  const workflows = [["", "choose a workflow"], ...names] as const;
  const change = (next: Partial<TriggerDraft>) => onChange({ ...draft, ...next });
  return (
    <div className="starter-grid">
      <TextField
        label="Name"
        value={draft.id}
        required
        code
        problem={problems.id}
        onChange={(id) => change({ id })}
      />
      <ChoiceField
        label="Workflow"
        value={draft.workflow}
        required
        problem={problems.workflow}
        choices={workflows}
        onChange={(workflow) => change({ workflow })}
      />
      <ChoiceField
        label="Starts after"
        value={draft.kind}
        choices={[
          ["event", "an event"],
          ["runEnd", "the end of a run"],
          ["webhook", "a webhook"],
        ]}
        onChange={(kind) => change({ kind: kind as TriggerDraft["kind"] })}
      />
      {draft.kind === "event" ? (
        <EventType draft={draft} problem={problems.event} onChange={onChange} />
      ) : null}
      {draft.kind === "runEnd" ? (
        <ChoiceField
          label="Completed run of"
          value={draft.after}
          required
          problem={problems.after}
          choices={workflows}
          onChange={(after) => change({ after })}
        />
      ) : null}
      {draft.kind === "webhook" ? (
        <Webhook draft={draft} problem={problems.secret} onChange={onChange} />
      ) : null}
      <Conditions draft={draft} onChange={onChange} />
    </div>
  );
}

function EventType(options: Omit<RulesOptions, "problems"> & { readonly problem: TriggerProblems["event"] }) {
  const { draft, problem, onChange } = options;
  return (
    <TextField
      label="Event type"
      hint="* is one word, > all that follow"
      value={draft.event}
      required
      code
      placeholder="shop.order.created"
      problem={problem}
      onChange={(event) => onChange({ ...draft, event })}
    />
  );
}

function Webhook(options: Omit<RulesOptions, "problems"> & { readonly problem: TriggerProblems["secret"] }) {
  const { draft, problem, onChange } = options;
  return (
    <>
      <ChoiceField
        label="Signed as by"
        value={draft.preset}
        choices={[
          ["standard", "Standard Webhooks"],
          ["github", "GitHub"],
          ["stripe", "Stripe"],
          ["shopify", "Shopify"],
          ["slack", "Slack"],
        ]}
        onChange={(preset) => onChange({ ...draft, preset: preset as TriggerDraft["preset"] })}
      />
      <TextField
        label="Secret"
        hint={`Name of a secret that service:webhook.${draft.id.trim() || "NAME"} can use`}
        value={draft.secret}
        required
        code
        problem={problem}
        onChange={(secret) => onChange({ ...draft, secret })}
      />
    </>
  );
}

function Conditions({ draft, onChange }: Omit<RulesOptions, "problems">) {
  const change = (next: Partial<TriggerDraft>) => onChange({ ...draft, ...next });
  return (
    <>
      <TextField
        label="If"
        hint="Default: every event"
        value={draft.condition}
        code
        placeholder="event.data.total > 0"
        onChange={(condition) => change({ condition })}
      />
      <TextField
        label="Key"
        hint="Events with the same key start one run. Default: source and id"
        value={draft.key}
        code
        placeholder="event.data.id"
        onChange={(key) => change({ key })}
      />
      <TextField
        label="Description"
        value={draft.description}
        onChange={(description) => change({ description })}
      />
    </>
  );
}
