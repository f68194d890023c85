import type { Flip } from "@tutti/rest/types";
import { Moment } from "../../elements/moment.tsx";
import { count, counted } from "../../elements/moments.ts";
import { Empty } from "../../elements/parts.tsx";
import { WorkLink } from "../../elements/work-link.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { accessStates } from "../../score/states.ts";
import { References } from "../access/decided.tsx";
import { principalText } from "../access/question.ts";
import { ImpactFrame } from "../drafting/impact-frame.tsx";
import { type changeOf, timesOf, turnsOf } from "./draft.ts";
import type { Impact } from "./use-impact.ts";

/** The decisions of the last seven days that would change, with the work behind each. */
export function ImpactPart(options: {
  impact: Impact | undefined;
  /** True if it belongs to the current text. */
  isOfNow: boolean;
  isMain: boolean;
  isReady: boolean;
  change: ReturnType<typeof changeOf>;
  onPreview: () => void;
}) {
  const { impact, isOfNow, isMain, isReady, change, onPreview } = options;
  return (
    <ImpactFrame
      evaluated={impact && progressText(impact)}
      isOfNow={isOfNow}
      isMain={isMain}
      isReady={isReady}
      isBusy={impact !== undefined && isOfNow && !impact.isComplete && impact.failure === undefined}
      failure={impact?.failure}
      call={{ method: "POST", path: "/v1/policies/impact", body: { change } }}
      command="tutti policy impact FILE"
      onPreview={onPreview}
      about="Evaluates the decisions of the last 7 days again with the changed policies."
      found={impact && impact.failure === undefined ? <Turned impact={impact} /> : undefined}
    />
  );
}

function progressText({ examined, total, isComplete }: Impact): string {
  if (isComplete) return `${counted(examined, "decision")} evaluated`;
  return total === 0 ? "…" : `${count(examined)} of ${count(total)} evaluated`;
}

function Turned({ impact }: { impact: Impact }) {
  const { flips, isComplete, examined } = impact;
  if (flips.length === 0)
    return isComplete ? (
      <Empty title={examined === 0 ? "No recent decisions." : "No decisions change."}>
        {examined === 0
          ? "Calls with a key or a token are recorded. Policies do not apply to the administrator of this machine."
          : "All decisions of the last 7 days stay the same."}
      </Empty>
    ) : null;
  const { denied, allowed } = turnsOf(flips);
  return (
    <>
      <p className="impact-sum">
        {counted(denied, "call")} would be denied, {counted(allowed, "call")} allowed.
      </p>
      <ul className="decisions" aria-label="Changed decisions">
        {flips.map((flip) => (
          <li key={flip.before?.decisionId}>
            <FlipItem flip={flip} />
          </li>
        ))}
      </ul>
    </>
  );
}

function FlipItem({ flip }: { flip: Flip }) {
  const { before, allowed = false, policies } = flip;
  const { actor, action, resourceKind, resourceId } = before?.question ?? {};
  const { work } = before ?? {};
  return (
    <article className="flip">
      <BadgeMark badge={accessStates[allowed ? "allowed" : "denied"]} />
      <div>
        <p>
          <code>{principalText(actor)}</code> <code>{action}</code>
          {work?.id ? (
            <>
              {" "}
              for <WorkLink about={work} />
            </>
          ) : resourceId ? (
            <span className="soft">
              {" "}
              on the {resourceKind} {resourceId}
            </span>
          ) : null}
        </p>
        <p className="small soft">
          {counted(timesOf(before), "time")}, last <Moment atMs={before?.decideTimeMs} />;{" "}
          {policies.length === 0 ? "no permission" : allowed ? "permitted by" : "forbidden by"}
        </p>
        <References policies={policies} />
      </div>
    </article>
  );
}
