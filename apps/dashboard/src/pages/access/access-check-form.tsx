import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { explainQuery } from "../../data/governance-queries.ts";
import { CopyLine } from "../../elements/copy.tsx";
import { ChoiceField, TextField } from "../../elements/fields.tsx";
import { Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { ActionField } from "./action-field.tsx";
import { Decided } from "./decided.tsx";
import { type AccessCheck, checkProblems, explainCommand, questionOf } from "./question.ts";
import type { Action } from "./vocabulary.ts";

/** "May X do Y on Z?", answered by the service that makes all access decisions, with the deciding policy. */
export function AccessCheckForm(options: {
  check: AccessCheck;
  actions: readonly Action[];
  onCheck: (check: AccessCheck) => void;
}) {
  const { check, actions, onCheck } = options;
  const [draft, setDraft] = useState(check);
  const [submitted, setSubmitted] = useState(false);
  const problems = checkProblems(draft, actions);
  const kinds = actions.find(({ name }) => name === draft.action)?.kinds ?? [];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setSubmitted(true);
    if (Object.keys(problems).length === 0) onCheck({ ...draft, kind: draft.kind || (kinds[0] ?? "") });
  };
  return (
    <Part title="Permission check" id="ask">
      <form className="ask" noValidate onSubmit={submit}>
        <TextField
          label="Principal"
          value={draft.who}
          placeholder="person:ada"
          code
          problem={submitted ? problems.who : undefined}
          onChange={(who) => setDraft({ ...draft, who })}
        />
        <ActionField
          value={draft.action}
          actions={actions}
          problem={submitted ? problems.action : undefined}
          onChange={(action) => setDraft({ ...draft, action, kind: "" })}
        />
        {kinds.length > 1 ? (
          <ChoiceField
            label="Kind"
            value={draft.kind || (kinds[0] ?? "")}
            choices={kinds.map((kind) => [kind, kind.replaceAll("_", " ")] as const)}
            onChange={(kind) => setDraft({ ...draft, kind })}
          />
        ) : null}
        <TextField
          label={kinds.length === 1 ? `Id of the ${kinds[0]?.replaceAll("_", " ")}` : "Object id"}
          value={draft.id}
          placeholder="any"
          code
          onChange={(id) => setDraft({ ...draft, id })}
        />
        <button type="submit" className="press main">
          Check permission
        </button>
      </form>
      <Answer check={check} actions={actions} />
    </Part>
  );
}

function Answer({ check, actions }: { check: AccessCheck; actions: readonly Action[] }) {
  const question = questionOf(check, actions);
  const query = useQuery({ ...explainQuery(question ?? {}), enabled: question !== undefined });
  if (question === undefined) return null;
  return (
    <div className="answer" aria-live="polite">
      <QueryView query={query} label="the answer" lines={2}>
        {({ decisions: [decision] }) =>
          decision === undefined ? null : (
            <>
              <Decided decision={decision} actions={actions} />
              <CopyLine label="command" text={explainCommand(check)} />
            </>
          )
        }
      </QueryView>
    </div>
  );
}
