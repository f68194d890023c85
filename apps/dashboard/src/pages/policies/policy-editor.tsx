import { useNavigate } from "@tanstack/react-router";
import type { Problem } from "@tutti/rest/types";
import { useRef, useState } from "react";
import { type PageError, send } from "../../data/send.ts";
import { Action as Act } from "../../elements/action.tsx";
import { offsetOf, problemsOfRefusal } from "../../elements/editing.ts";
import { ChoiceField, TextField } from "../../elements/fields.tsx";
import { Failure, Part } from "../../elements/parts.tsx";
import { Problems, SourceArea } from "../../elements/source-area.tsx";
import { notify } from "../../shell/notice-board.ts";
import type { Action } from "../access/vocabulary.ts";
import { CasesPart } from "./cases-part.tsx";
import { applyCommand, changeOf, isWhole, type PolicyDraft, policyProblems } from "./draft.ts";
import { ImpactPart } from "./impact-part.tsx";
import { useChanged } from "./use-changed.ts";
import { type Checked, useCheck } from "./use-check.ts";
import { useImpact } from "./use-impact.ts";

/** A policy that is written. It is applied when its impact has been listed: of this text, not of an earlier one. */
export function PolicyEditor(options: {
  first: PolicyDraft;
  isNew: boolean;
  /** The version that policies are at, so that nobody's change is overwritten unseen. */
  present: number;
  actions: readonly Action[];
}) {
  const { first, isNew, present, actions } = options;
  const [draft, setDraft] = useState(first);
  const area = useRef<HTMLTextAreaElement>(null);
  const change = changeOf(draft, actions);
  const checked = useCheck(draft.text);
  const [refused, setRefused] = useState<PageError | undefined>();
  const { impact, look } = useImpact();
  const wrong = policyProblems(draft, actions);
  const isReady = isWhole(wrong) && checked.problems?.length === 0;
  const isListed = impact?.of === JSON.stringify(change) && impact.isWhole && impact.problems.length === 0;
  const put = (next: Partial<PolicyDraft>) => {
    setRefused(undefined);
    setDraft({ ...draft, ...next });
  };
  const goTo = ({ line = 1, column = 1 }: Problem) => {
    const at = offsetOf(draft.text, line, column);
    area.current?.focus();
    area.current?.setSelectionRange(at, at);
  };
  return (
    <>
      <div className="editor">
        <Part title="Policy">
          <PolicyFields draft={draft} isNew={isNew} problem={wrong.id} onChange={put} />
          <SourceArea label="In Cedar" area={area} text={draft.text} onChange={(text) => put({ text })} />
        </Part>
        <div>
          <CheckPart checked={checked} onGo={goTo} />
          <CasesPart
            draft={draft}
            change={change}
            wrong={wrong.cases}
            actions={actions}
            isReady={isReady}
            onChange={(cases) => put({ cases })}
          />
        </div>
      </div>
      <ImpactPart
        impact={impact}
        isOfNow={impact?.of === JSON.stringify(change)}
        isMain={!isListed}
        isReady={isReady}
        change={change}
        onLook={() => void look(change)}
      />
      <Apply
        draft={draft}
        change={change}
        present={present}
        isListed={isListed && isReady}
        refused={refused}
        onRefused={setRefused}
      />
    </>
  );
}

function PolicyFields(options: {
  draft: PolicyDraft;
  isNew: boolean;
  problem: string | undefined;
  onChange: (next: Partial<PolicyDraft>) => void;
}) {
  const { draft, isNew, problem, onChange } = options;
  return (
    <div className="policy-facts">
      {isNew ? (
        <TextField
          label="Id"
          value={draft.id}
          required
          code
          placeholder="night-shift"
          problem={draft.id === "" ? undefined : problem}
          onChange={(id) => onChange({ id: id.trim() })}
        />
      ) : null}
      <TextField
        label="For people"
        value={draft.description}
        placeholder="what it is for"
        onChange={(description) => onChange({ description })}
      />
      <ChoiceField
        label="It"
        value={draft.enforcement}
        choices={[
          ["enforced", "counts"],
          ["shadow", "is tried out: recorded, and changes nothing"],
          ["off", "is out of use"],
        ]}
        onChange={(value) => {
          if (value === "enforced" || value === "shadow" || value === "off") onChange({ enforcement: value });
        }}
      />
    </div>
  );
}

/** What is wrong with the text as it is; a click goes to the place. */
function CheckPart({ checked, onGo }: { checked: Checked; onGo: (problem: Problem) => void }) {
  const { problems, failure } = checked;
  const told = problems ?? [];
  return (
    <Part
      title="Check"
      aside={problems === undefined ? "…" : told.length === 0 ? "nothing is wrong" : `${told.length} wrong`}
    >
      {failure === undefined ? (
        <Problems
          problems={told}
          isChecked={problems !== undefined}
          good="It can be applied as it is"
          onGo={onGo}
        />
      ) : (
        <Failure title="It cannot be checked" message={failure.message} code={failure.code} />
      )}
    </Part>
  );
}

function Apply(options: {
  draft: PolicyDraft;
  change: ReturnType<typeof changeOf>;
  present: number;
  isListed: boolean;
  refused: PageError | undefined;
  onRefused: (error: PageError) => void;
}) {
  const { draft, change, present, isListed, refused, onRefused } = options;
  const [said, setSaid] = useState("");
  const navigate = useNavigate();
  const changed = useChanged();
  const reason = said.trim();
  const call = {
    method: "POST",
    path: "/v1/policies/apply",
    body: { change, version: present, ...(reason === "" ? {} : { reason }) },
  } as const;
  return (
    <Part title="Apply">
      {refused === undefined ? null : (
        <>
          <Failure title="It was not applied" message={refused.message} code={refused.code} />
          <ul className="problems">
            {problemsOfRefusal(refused).map(({ message, line, path }) => (
              <li key={`${line} ${path} ${message}`} className="small">
                {line === undefined ? path : `line ${line}`}: {message}
              </li>
            ))}
          </ul>
        </>
      )}
      <form className="apply" onSubmit={(event) => event.preventDefault()}>
        <TextField
          label="Why"
          value={said}
          onChange={setSaid}
          hint="Kept with the version, beside your name."
        />
        <Act
          label="Apply"
          weight={isListed ? "main" : "plain"}
          submit
          disabled={!isListed}
          call={call}
          command={applyCommand(draft, reason)}
          perform={() => send(call)}
          onDone={(reply) => {
            const { number = 0 } = reply as { number?: number };
            notify({ tone: "done", text: `${draft.id} is applied: version ${number} holds` });
            changed();
            void navigate({ to: "/access", search: { view: "policies" } });
          }}
          onError={onRefused}
        />
        {isListed ? null : (
          <p className="small soft">
            It can be applied when nothing is wrong with it and its impact was listed.
          </p>
        )}
      </form>
    </Part>
  );
}
