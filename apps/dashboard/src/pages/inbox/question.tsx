import { useQueryClient } from "@tanstack/react-query";
import { answererText, answersText } from "@tutti/rest/history";
import type { Approval, ApprovalDecision, WorkReference } from "@tutti/rest/types";
import { Claim, isAboutQuestions } from "../../elements/claim.tsx";
import { Json } from "../../elements/json.tsx";
import { Moment } from "../../elements/moment.tsx";
import { Part, Tag } from "../../elements/parts.tsx";
import { WorkLink } from "../../elements/work-link.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { badgeOf, verdicts } from "../../score/states.ts";
import { ApprovalForm } from "./approval-form.tsx";
import { Delegate } from "./delegate.tsx";
import "./inbox.css";

/** Returns a reference to the whole run or mission, because the task is shown next to it. */
const workOf = ({ kind = "run", id = "" }: Partial<WorkReference> = {}): WorkReference => ({ kind, id });

/** An approval with its context and the decision. */
export function Question({ approval }: { approval: Approval }) {
  const queries = useQueryClient();
  const { verdict, title, approvalId, message, context, decisions, delegations, inboxTask } = approval;
  // The run of a task in an inbox only asks. The reader knows the run that waits.
  const about = inboxTask?.about ?? approval.about;
  const answerers = answererText(approval);
  const isOpen = verdict === "unspecified" || verdict === undefined;
  const answers = answersText(approval);
  return (
    <Part
      title={title || approvalId}
      aside={<BadgeMark badge={badgeOf(verdicts, isOpen ? "open" : verdict)} />}
    >
      <p className="approval-about small soft">
        <WorkLink about={workOf(about)}>{about?.id}</WorkLink>
        {about?.task ? <> · {about.task}</> : null} · requested <Moment atMs={approval.requestTimeMs} />
        {approval.expireTimeMs ? (
          <>
            {" "}
            · expires <Moment atMs={approval.expireTimeMs} />
          </>
        ) : null}
        {inboxTask === undefined ? null : <> · in the inbox {inboxTask.inbox}</>}
        {answerers === "" ? null : <> · for {answerers}</>}
        {answers === "" ? null : <> · {answers}</>}
      </p>
      <Delegations delegations={delegations} />
      {message ? <p className="approval-message">{message}</p> : null}
      {context === undefined || context === null ? null : <Json value={context} label="the context" />}
      <Decisions decisions={decisions} />
      {isOpen ? (
        <>
          <div className="question-acts">
            <Claim approval={approval} />
            <Delegate approval={approval} />
          </div>
          <ApprovalForm
            approval={approval}
            onDecided={() => void queries.invalidateQueries({ predicate: isAboutQuestions })}
          />
        </>
      ) : null}
    </Part>
  );
}

function Delegations({ delegations }: Pick<Approval, "delegations">) {
  if (delegations.length === 0) return null;
  return (
    <ul className="decisions small soft">
      {delegations.map(({ person, people, delegateTimeMs, reason }) => (
        <li key={`${delegateTimeMs} ${person}`}>
          {person} delegated to {people.join(", ")} <Moment atMs={delegateTimeMs} />
          {reason ? <>: {reason}</> : null}
        </li>
      ))}
    </ul>
  );
}

function Decisions({ decisions }: { decisions: readonly ApprovalDecision[] }) {
  if (decisions.length === 0) return null;
  return (
    <ul className="decisions">
      {decisions.map(({ verdict, cause, decideTimeMs, data, onBehalfOf }) => (
        <li key={`${decideTimeMs} ${cause?.actor?.id}`}>
          <BadgeMark badge={badgeOf(verdicts, verdict)} /> by <Tag>{cause?.actor?.id ?? "unknown"}</Tag>{" "}
          {onBehalfOf ? <>for {onBehalfOf} </> : null}
          <Moment atMs={decideTimeMs} />
          {cause?.reason ? <>: {cause.reason}</> : null}
          {data === undefined || data === null ? null : <Json value={data} label="the answer" />}
        </li>
      ))}
    </ul>
  );
}
