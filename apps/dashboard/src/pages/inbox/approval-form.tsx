import type { Approval } from "@tutti/rest/types";
import { useMemo, useState } from "react";
import { type PageError, send } from "../../data/send.ts";
import { Action } from "../../elements/action.tsx";
import { TextField } from "../../elements/fields.tsx";
import { Failure } from "../../elements/parts.tsx";
import { draftOf } from "../../form/draft.ts";
import type { Draft } from "../../form/field.ts";
import { fieldOf } from "../../form/field-of-schema.ts";
import { filled, problemsUnder } from "../../form/filled.ts";
import { SchemaForm } from "../../form/form.tsx";
import "../../form/form.css";
import { type Decision, decideCall, decideCommand } from "./decide.ts";

const labels = { approved: "Approve", rejected: "Reject" } as const;

/** A form for a decision: fields by the schema of the approval, and buttons to approve or reject. */
export function ApprovalForm({ approval, onDecided }: { approval: Approval; onDecided: () => void }) {
  const field = useMemo(
    () => (approval.form ? fieldOf(approval.form, "Answer") : undefined),
    [approval.form],
  );
  const [draft, setDraft] = useState<Draft | undefined>(() =>
    field === undefined ? undefined : draftOf(field),
  );
  const [reason, setReason] = useState("");
  const [submitted, setSubmitted] = useState(false);
  const [refusal, setRefusal] = useState<PageError | undefined>();
  const found = field === undefined || draft === undefined ? undefined : filled(field, draft);
  const problems = [
    ...(submitted ? (found?.problems ?? []) : []),
    ...problemsUnder(["data"], refusal?.fields ?? []),
  ];
  const decide = (verdict: Decision["verdict"]) => {
    // Only an approval sends the fields of the form.
    const decision: Decision = { verdict, reason, data: verdict === "approved" ? found?.value : undefined };
    const perform = () => {
      setRefusal(undefined);
      if (verdict === "approved") setSubmitted(true);
      if (verdict === "approved" && (found?.problems.length ?? 0) > 0) return undefined;
      return send(decideCall(approval, decision)).then(() => true);
    };
    return (
      <Action
        label={labels[verdict]}
        weight={verdict === "approved" ? "main" : "grave"}
        call={decideCall(approval, decision)}
        command={decideCommand(approval, decision)}
        perform={perform}
        onDone={(reply) => {
          if (reply === true) onDecided();
        }}
        onError={setRefusal}
      />
    );
  };
  return (
    <form className="approval-form" noValidate onSubmit={(event) => event.preventDefault()}>
      {field === undefined || draft === undefined ? null : (
        <SchemaForm field={field} draft={draft} problems={problems} onChange={setDraft} />
      )}
      <TextField
        label="Reason"
        value={reason}
        onChange={setReason}
        hint="Optional. Recorded with the decision."
      />
      {refusal === undefined ? null : (
        <Failure title="Decision not saved" message={refusal.message} code={refusal.code} />
      )}
      <div className="approval-acts">
        {decide("approved")}
        {decide("rejected")}
      </div>
    </form>
  );
}
