import { useNavigate } from "@tanstack/react-router";
import type { CheckPoliciesReply, Problem } from "@tutti/rest/types";
import { useRef, useState } from "react";
import { type PageError, send } from "../../data/send.ts";
import { focusProblem } from "../../elements/editing.ts";
import { Part } from "../../elements/parts.tsx";
import { SourceArea } from "../../elements/source-area.tsx";
import { notify } from "../../shell/notice-board.ts";
import type { Action } from "../access/vocabulary.ts";
import { ApplyPart } from "../drafting/apply-part.tsx";
import { CheckPart } from "../drafting/check-part.tsx";
import { Naming } from "../drafting/naming.tsx";
import { type Check, type Checked, useChecked } from "../drafting/use-checked.ts";
import { CasesPart } from "./cases-part.tsx";
import { applyCommand, changeOf, isComplete, type PolicyDraft, policyProblems } from "./draft.ts";
import { ImpactPart } from "./impact-part.tsx";
import { useChanged } from "./use-changed.ts";
import { useImpact } from "./use-impact.ts";

/** An editor for a policy. Applying requires an impact list of the current text, not of an earlier one. */
export function PolicyEditor(options: {
  first: PolicyDraft;
  isNew: boolean;
  /** The version of the policies that the editor has read, so that it never overwrites another user's change. */
  present: number;
  actions: readonly Action[];
}) {
  const { first, isNew, present, actions } = options;
  const [draft, setDraft] = useState(first);
  const area = useRef<HTMLTextAreaElement>(null);
  const change = changeOf(draft, actions);
  const checked = useCheck(draft.text);
  const [refused, setRefused] = useState<PageError | undefined>();
  const { impact, preview } = useImpact();
  const wrong = policyProblems(draft, actions);
  const isReady = isComplete(wrong) && checked.problems?.length === 0;
  const isListed = impact?.of === JSON.stringify(change) && impact.isComplete && impact.problems.length === 0;
  const patch = (next: Partial<PolicyDraft>) => {
    setRefused(undefined);
    setDraft({ ...draft, ...next });
  };
  const goTo = (problem: Problem) => focusProblem(area.current, draft.text, problem);
  return (
    <>
      <div className="editor">
        <Part title="Policy">
          <div className="draft-facts">
            <Naming draft={draft} isNew={isNew} example="night-shift" problem={wrong.id} onChange={patch} />
          </div>
          <SourceArea
            label="Cedar policy"
            area={area}
            text={draft.text}
            onChange={(text) => patch({ text })}
          />
        </Part>
        <div>
          <CheckPart checked={checked} good="No problems found." onSelect={goTo} />
          <CasesPart
            draft={draft}
            change={change}
            wrong={wrong.cases}
            actions={actions}
            isReady={isReady}
            onChange={(cases) => patch({ cases })}
          />
        </div>
      </div>
      <ImpactPart
        impact={impact}
        isOfNow={impact?.of === JSON.stringify(change)}
        isMain={!isListed}
        isReady={isReady}
        change={change}
        onPreview={() => void preview(change)}
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

function Apply(options: {
  draft: PolicyDraft;
  change: ReturnType<typeof changeOf>;
  present: number;
  isListed: boolean;
  refused: PageError | undefined;
  onRefused: (error: PageError) => void;
}) {
  const { draft, change, present, ...rest } = options;
  const navigate = useNavigate();
  const changed = useChanged();
  return (
    <ApplyPart
      {...rest}
      title="Apply"
      label="Apply policy"
      done="applied"
      callOf={(reason) => ({
        method: "POST",
        path: "/v1/policies/apply",
        body: { change, version: present, ...(reason === "" ? {} : { reason }) },
      })}
      commandOf={(reason) => applyCommand(draft, reason)}
      onDone={(reply) => {
        const { number = 0 } = reply as { number?: number };
        notify({ tone: "done", text: `Applied ${draft.id}. Version ${number} is in force.` });
        changed();
        void navigate({ to: "/access", search: { view: "policies" } });
      }}
    />
  );
}

function useCheck(text: string): Checked {
  return useChecked(text, checkPolicies);
}

const checkPolicies: Check = async (text, signal) => {
  const body = { change: { set: [{ policyId: "written", text }] } };
  const reply = await send({ method: "POST", path: "/v1/policies/check", body }, signal);
  return (reply as CheckPoliciesReply).problems;
};
