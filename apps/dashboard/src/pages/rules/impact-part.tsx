import { useMutation } from "@tanstack/react-query";
import type { AdmissionRuleInput, Finding, PreviewRulesReply } from "@tutti/rest/types";
import { pageError, send } from "../../data/send.ts";
import { counted } from "../../elements/moments.ts";
import { Empty } from "../../elements/parts.tsx";
import { WorkLink } from "../../elements/work-link.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { badgeOf, findingStates } from "../../score/states.ts";
import { principalText } from "../access/question.ts";
import { hasPage } from "../audit/record.ts";
import { ImpactFrame } from "../drafting/impact-frame.tsx";

/** Evaluates a rule over the latest starts, definitions and agents. The result includes the rule as it was sent. */
export function useRuleImpact() {
  const evaluation = useMutation({
    mutationFn: async (rule: AdmissionRuleInput) => {
      const reply = await send({ method: "POST", path: "/v1/rules/impact", body: { rules: [rule] } });
      return { of: JSON.stringify(rule), ...(reply as PreviewRulesReply) };
    },
  });
  return {
    impact: evaluation.data,
    error: evaluation.error,
    isBusy: evaluation.isPending,
    evaluate: evaluation.mutate,
  };
}

export function ImpactPart(options: {
  rule: AdmissionRuleInput;
  preview: ReturnType<typeof useRuleImpact>;
  isOfNow: boolean;
  isReady: boolean;
}) {
  const { rule, preview, isOfNow, isReady } = options;
  const { impact, error, isBusy, evaluate } = preview;
  return (
    <ImpactFrame
      evaluated={
        impact &&
        `${counted(impact.examined ?? 0, "start, definition or agent", "starts, definitions and agents")} evaluated`
      }
      isOfNow={isOfNow}
      isMain={!isOfNow}
      isReady={isReady}
      isBusy={isBusy}
      failure={error === null ? undefined : pageError(error)}
      call={{ method: "POST", path: "/v1/rules/impact", body: { rules: [rule] } }}
      command="tutti rule impact FILE"
      onPreview={() => evaluate(rule)}
      about="Evaluates the latest 100 run starts, all definitions and all agents with the changed rule."
      found={impact && <Effects {...impact} />}
    />
  );
}

function Effects({ effects, unseenRuleIds }: PreviewRulesReply) {
  if (unseenRuleIds.length > 0)
    return (
      <Empty title="No recorded plans or results">
        Use shadow mode: its results are listed in the findings.
      </Empty>
    );
  if (effects.length === 0) return <Empty title="No violations.">Nothing violates this rule.</Empty>;
  return (
    <ul className="listed" aria-label="Violations">
      {effects.map((effect) => (
        <li key={`${effect.work?.kind} ${effect.work?.id} ${effect.message}`}>
          <Effect effect={effect} />
        </li>
      ))}
    </ul>
  );
}

function Effect({ effect }: { effect: Finding }) {
  const { work, result, message, cause } = effect;
  return (
    <>
      <BadgeMark badge={badgeOf(findingStates, result)} />
      <div>
        <p>{message}</p>
        <p className="small soft">
          {principalText(cause?.actor)}:{" "}
          {work !== undefined && hasPage({ work }) ? <WorkLink about={work} /> : `${work?.kind} ${work?.id}`}
        </p>
      </div>
    </>
  );
}
