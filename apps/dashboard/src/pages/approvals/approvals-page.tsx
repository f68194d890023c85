import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Approval, ApprovalDecision } from "@tutti/rest/types";
import { useState } from "react";
import { approvalsQuery } from "../../data/queries.ts";
import { Json } from "../../elements/json.tsx";
import { Moment } from "../../elements/moment.tsx";
import { counted } from "../../elements/moments.ts";
import { Empty, PageHead, Part, Tag } from "../../elements/parts.tsx";
import { Shown } from "../../elements/shown.tsx";
import { Tabs } from "../../elements/tabs.tsx";
import { StandMark } from "../../score/glyph.tsx";
import { standOf, verdicts } from "../../score/states.ts";
import { ApprovalForm } from "./approval-form.tsx";
import "./approvals.css";

type View = "open" | "decided";

const decidedVerdicts = ["approved", "rejected", "expired", "withdrawn"];

/** Questions that runs ask people, and what was answered. */
export function ApprovalsPage() {
  const [view, setView] = useState<View>("open");
  const query = useQuery(approvalsQuery(view === "open" ? [] : decidedVerdicts));
  const many = view === "open" ? query.data?.approvals.length : undefined;
  return (
    <>
      <PageHead
        title="Approvals"
        below={
          many === undefined ? (
            <>&nbsp;</>
          ) : many === 0 ? (
            "Nobody waits for you."
          ) : (
            `${counted(many, "question")} waiting`
          )
        }
      />
      <Tabs
        label="Which questions"
        tabs={[
          ["open", "Waiting"],
          ["decided", "Decided"],
        ]}
        current={view}
        onChange={setView}
      >
        <Shown query={query} what="approvals" lines={6}>
          {({ approvals }) =>
            approvals.length === 0 ? (
              <Empty title={view === "open" ? "No question is open" : "Nothing has been decided yet"}>
                {view === "open" ? (
                  <p>
                    A task of kind <code>approve</code> asks here, and its run waits for the answer.
                  </p>
                ) : null}
              </Empty>
            ) : (
              <ul className="approvals">
                {approvals.map((approval) => (
                  <li
                    key={`${approval.about?.id}/${approval.approvalId}`}
                    id={`${approval.about?.id}/${approval.approvalId}`}
                  >
                    <Question approval={approval} />
                  </li>
                ))}
              </ul>
            )
          }
        </Shown>
      </Tabs>
    </>
  );
}

function Question({ approval }: { approval: Approval }) {
  const queries = useQueryClient();
  const { about, verdict, title, approvalId, message, context, decisions, deciders } = approval;
  const isOpen = verdict === "unspecified" || verdict === undefined;
  const runId = about?.id ?? "";
  const needed = approval.approvalsNeeded ?? 1;
  return (
    <Part
      title={title || approvalId}
      aside={<StandMark stand={standOf(verdicts, isOpen ? "open" : verdict)} />}
    >
      <p className="approval-about small soft">
        <Link to="/runs/$runId" params={{ runId }}>
          {runId}
        </Link>
        {about?.task ? <> · {about.task}</> : null} · asked <Moment atMs={approval.requestTimeMs} />
        {approval.expireTimeMs ? (
          <>
            {" "}
            · lapses <Moment atMs={approval.expireTimeMs} />
          </>
        ) : null}
        {deciders.length > 0 ? <> · for {deciders.join(", ")}</> : null}
        {needed > 1 ? <> · {counted(needed, "approval")} needed</> : null}
      </p>
      {message ? <p className="approval-message">{message}</p> : null}
      {context === undefined || context === null ? null : <Json value={context} what="what it is about" />}
      <Decisions decisions={decisions} />
      {isOpen ? (
        <ApprovalForm
          approval={approval}
          onDecided={() => void queries.invalidateQueries({ queryKey: ["approvals"] })}
        />
      ) : null}
    </Part>
  );
}

function Decisions({ decisions }: { decisions: readonly ApprovalDecision[] }) {
  if (decisions.length === 0) return null;
  return (
    <ul className="decisions">
      {decisions.map(({ verdict, cause, decideTimeMs, data }) => (
        <li key={`${decideTimeMs} ${cause?.actor?.id}`}>
          <StandMark stand={standOf(verdicts, verdict)} /> by <Tag>{cause?.actor?.id ?? "somebody"}</Tag>{" "}
          <Moment atMs={decideTimeMs} />
          {cause?.reason ? <>: {cause.reason}</> : null}
          {data === undefined || data === null ? null : <Json value={data} what="what was brought along" />}
        </li>
      ))}
    </ul>
  );
}
