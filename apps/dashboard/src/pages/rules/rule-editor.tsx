import { useNavigate } from "@tanstack/react-router";
import type { AdmissionRuleInput, TestRuleReply } from "@tutti/rest/types";
import { useRef, useState } from "react";
import { type PageError, send } from "../../data/send.ts";
import { ChoiceField, TextField } from "../../elements/fields.tsx";
import { Part } from "../../elements/parts.tsx";
import { SourceArea } from "../../elements/source-area.tsx";
import { notify } from "../../shell/notice-board.ts";
import { ApplyPart } from "../drafting/apply-part.tsx";
import { CheckPart } from "../drafting/check-part.tsx";
import { oneOf } from "../drafting/named.ts";
import { Naming } from "../drafting/naming.tsx";
import { type Check, type Checked, useChecked } from "../drafting/use-checked.ts";
import {
  type RuleDraft,
  type RuleProblems,
  ruleOfDraft,
  ruleProblems,
  severities,
  subjects,
  verdicts,
} from "./draft.ts";
import { ImpactPart, useRuleImpact } from "./impact-part.tsx";
import { useRulesChanged } from "./use-rules-changed.ts";

/** An editor for a rule. Setting it requires an impact list of the current text, not of an earlier one. */
export function RuleEditor(options: { first: RuleDraft; isNew: boolean; revision: string }) {
  const { first, isNew, revision } = options;
  const [draft, setDraft] = useState(first);
  const [refused, setRefused] = useState<PageError | undefined>();
  const rule = ruleOfDraft(draft);
  const wrong = ruleProblems(draft);
  const checked = useRuleCheck(rule);
  const preview = useRuleImpact();
  const isOfNow = preview.impact?.of === JSON.stringify(rule);
  const isReady = Object.keys(wrong).length === 0 && checked.problems?.length === 0;
  const patch = (next: Partial<RuleDraft>) => {
    setRefused(undefined);
    setDraft({ ...draft, ...next });
  };
  return (
    <>
      <div className="editor">
        <Part title="Rule">
          <Facts draft={draft} isNew={isNew} wrong={wrong} onChange={patch} />
          <Texts draft={draft} wrong={wrong} onChange={patch} />
        </Part>
        <CheckPart checked={checked} good="No problems found." />
      </div>
      <ImpactPart rule={rule} preview={preview} isOfNow={isOfNow} isReady={isReady} />
      <SetPart
        draft={draft}
        revision={revision}
        isListed={isReady && isOfNow}
        refused={refused}
        onRefused={setRefused}
      />
    </>
  );
}

interface PartOptions {
  readonly draft: RuleDraft;
  readonly wrong: RuleProblems;
  readonly onChange: (next: Partial<RuleDraft>) => void;
}

const subjectLabels = {
  request: "request",
  definition: "definition",
  plan: "plan",
  result: "result",
  agent: "agent",
} as const;
const verdictLabels = {
  deny: "reject",
  note: "record and continue",
  approval: "request approval",
  change: "change",
} as const;
function Facts({ draft, isNew, wrong, onChange }: PartOptions & { readonly isNew: boolean }) {
  return (
    <div className="draft-facts">
      <Naming draft={draft} isNew={isNew} example="largest-order" problem={wrong.id} onChange={onChange} />
      <ChoiceField
        label="About"
        value={draft.subject}
        choices={subjects.map((subject) => [subject, subjectLabels[subject]])}
        onChange={(value) => onChange({ subject: oneOf(subjects, value, draft.subject) })}
      />
      <ChoiceField
        label="Severity"
        value={draft.severity}
        choices={severities.map((severity) => [severity, severity])}
        onChange={(value) => onChange({ severity: oneOf(severities, value, draft.severity) })}
      />
      <TextField
        label="Controls"
        value={draft.controls}
        placeholder="soc2 CC6.1"
        problem={wrong.controls}
        onChange={(controls) => onChange({ controls })}
      />
    </div>
  );
}

function Texts({ draft, wrong, onChange }: PartOptions) {
  const when = useRef<HTMLTextAreaElement>(null);
  const condition = useRef<HTMLTextAreaElement>(null);
  const { verdict } = draft;
  return (
    <div className="rule-texts">
      <SourceArea
        label="Condition (CEL)"
        area={when}
        text={draft.when}
        onChange={(text) => onChange({ when: text })}
      />
      <SourceArea
        label="Requirement (CEL)"
        area={condition}
        text={draft.condition}
        onChange={(text) => onChange({ condition: text })}
      />
      <ChoiceField
        label="Action on violation"
        value={verdict}
        choices={verdicts.map((choice) => [choice, verdictLabels[choice]])}
        onChange={(value) => onChange({ verdict: oneOf(verdicts, value, verdict) })}
      />
      {verdict === "change" ? (
        <TextField
          label="Fields to set"
          value={draft.set}
          lines={3}
          code
          problem={wrong.set}
          hint={'One per line: spec.labels.checked = "yes"'}
          onChange={(set) => onChange({ set })}
        />
      ) : (
        <TextField
          label={verdict === "approval" ? "Approval title" : "Message"}
          value={draft.message}
          lines={2}
          onChange={(message) => onChange({ message })}
        />
      )}
      {verdict === "approval" ? (
        <TextField
          label="Deciders"
          value={draft.deciders}
          placeholder="all permitted principals"
          onChange={(deciders) => onChange({ deciders })}
        />
      ) : null}
    </div>
  );
}

function SetPart(options: {
  draft: RuleDraft;
  revision: string;
  isListed: boolean;
  refused: PageError | undefined;
  onRefused: (error: PageError) => void;
}) {
  const { draft, revision, ...rest } = options;
  const navigate = useNavigate();
  const changed = useRulesChanged();
  const isShadow = draft.enforcement === "shadow";
  const callOf = (reason: string) => {
    const query = new URLSearchParams({
      ...(reason === "" ? {} : { reason }),
      ...(revision === "" ? {} : { revision }),
    }).toString();
    const path = `/v1/rules/${encodeURIComponent(draft.id)}${query === "" ? "" : `?${query}`}`;
    return { method: "PUT", path, body: ruleOfDraft(draft) } as const;
  };
  return (
    <ApplyPart
      {...rest}
      title={isShadow ? "Save in shadow mode" : "Save rule"}
      label={isShadow ? "Save in shadow mode" : "Save rule"}
      done="set"
      callOf={callOf}
      commandOf={() => "tutti rule set FILE"}
      onDone={() => {
        notify({ tone: "done", text: isShadow ? `${draft.id} runs in shadow mode.` : `Saved ${draft.id}.` });
        changed();
        void navigate({ to: "/rule", search: { id: draft.id } });
      }}
    />
  );
}

/** Checks a rule during editing. */
function useRuleCheck(rule: AdmissionRuleInput): Checked {
  return useChecked(JSON.stringify(rule), checkRule);
}

const checkRule: Check = async (text, signal) => {
  const { ruleId, ...rule } = JSON.parse(text) as AdmissionRuleInput;
  // The name field itself shows that the name is missing.
  const body = { rule: { ...rule, ruleId: ruleId || "written" }, subjects: [{}] };
  const reply = await send({ method: "POST", path: "/v1/rules/test", body }, signal);
  return (reply as TestRuleReply).problems;
};
