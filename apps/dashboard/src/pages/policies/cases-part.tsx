import { useMutation } from "@tanstack/react-query";
import type { TestPoliciesReply } from "@tutti/rest/types";
import { pageError, send } from "../../data/send.ts";
import { ChoiceField, TextField } from "../../elements/fields.tsx";
import { Failure, Part } from "../../elements/parts.tsx";
import { Spelled } from "../../elements/spelled-popover.tsx";
import { Glyph } from "../../score/glyph.tsx";
import { ActionField } from "../access/action-field.tsx";
import { References } from "../access/decided.tsx";
import { sentenceOf } from "../access/question.ts";
import type { Action } from "../access/vocabulary.ts";
import { type CaseDraft, type changeOf, emptyCase, type PolicyDraft } from "./draft.ts";

/** Test cases: questions with required answers. They are checked here and before every change of policies. */
export function CasesPart(options: {
  draft: PolicyDraft;
  change: ReturnType<typeof changeOf>;
  wrong: readonly (string | undefined)[];
  actions: readonly Action[];
  isReady: boolean;
  onChange: (cases: readonly CaseDraft[]) => void;
}) {
  const { draft, change, wrong, actions, isReady, onChange } = options;
  const { cases } = draft;
  const call = { method: "POST", path: "/v1/policies/test", body: { change } } as const;
  const trying = useMutation({ mutationFn: async () => (await send(call)) as TestPoliciesReply });
  const patch = (at: number, next: Partial<CaseDraft>) => {
    trying.reset();
    onChange(cases.map((each, index) => (index === at ? { ...each, ...next } : each)));
  };
  return (
    <Part title="Cases" aside={cases.length === 0 ? "none" : String(cases.length)}>
      <ol className="cases">
        {cases.map((each, at) => (
          // Cases have no name and do not change places.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <li key={at}>
            <CaseForm
              drafted={each}
              number={at + 1}
              actions={actions}
              wrong={wrong[at]}
              onChange={(next) => patch(at, next)}
              onRemove={() => {
                trying.reset();
                onChange(cases.filter((_, index) => index !== at));
              }}
            />
          </li>
        ))}
      </ol>
      <div className="editor-acts">
        <button type="button" className="press" onClick={() => onChange([...cases, emptyCase])}>
          Add case
        </button>
        <span className="action plain">
          <button
            type="button"
            className="press"
            disabled={!isReady || trying.isPending}
            onClick={() => trying.mutate()}
          >
            Test all cases
          </button>
          <Spelled label="Test all cases" call={call} command="tutti policy test FILE" />
        </span>
      </div>
      <div aria-live="polite">
        {trying.error === null ? null : <Failure title="Test failed" {...pageError(trying.error)} />}
        {trying.data === undefined ? null : <Results {...trying.data} />}
      </div>
    </Part>
  );
}

function CaseForm(options: {
  drafted: CaseDraft;
  number: number;
  actions: readonly Action[];
  wrong: string | undefined;
  onChange: (next: Partial<CaseDraft>) => void;
  onRemove: () => void;
}) {
  const { drafted, number, actions, wrong, onChange, onRemove } = options;
  return (
    <fieldset className="case">
      <legend className="unseen">Case {number}</legend>
      <TextField label="Title" value={drafted.title} onChange={(title) => onChange({ title })} />
      <TextField
        label="Principal"
        value={drafted.who}
        placeholder="person:ada"
        code
        onChange={(who) => onChange({ who: who.trim() })}
      />
      <ActionField value={drafted.action} actions={actions} onChange={(action) => onChange({ action })} />
      <TextField
        label="Id"
        value={drafted.id}
        placeholder="any"
        code
        onChange={(id) => onChange({ id: id.trim() })}
      />
      <ChoiceField
        label="Expected"
        value={drafted.allowed ? "allowed" : "denied"}
        choices={[
          ["denied", "denied"],
          ["allowed", "allowed"],
        ]}
        onChange={(value) => onChange({ allowed: value === "allowed" })}
      />
      <button type="button" className="press" onClick={onRemove}>
        Remove case
      </button>
      {wrong === undefined ? null : <p className="problem case-wrong">{wrong}</p>}
    </fieldset>
  );
}

function Results({ results, failed = 0 }: TestPoliciesReply) {
  if (results.length === 0) return <p className="soft">No cases yet.</p>;
  return (
    <>
      <p>{failed === 0 ? `All ${results.length} passed.` : `${failed} of ${results.length} failed.`}</p>
      <ul className="case-results">
        {results.map(({ policyId, title, passed = false, decision }) => (
          <li key={`${policyId} ${title}`} className={passed ? "tone-done" : "tone-wrong"}>
            <p>
              <Glyph name={passed ? "final" : "cross"} />
              <span className="unseen">{passed ? "passed" : "failed"}: </span> {title}{" "}
              <span className="small soft">of {policyId}</span>
            </p>
            {passed || decision === undefined ? null : (
              <>
                <p className="small">{sentenceOf(decision)}</p>
                <References policies={decision.policies} />
              </>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
