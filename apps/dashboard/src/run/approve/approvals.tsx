import { useQuery } from "@tanstack/react-query";
import type { Approval, ListApprovalsReply } from "@tutti/rest/types";
import { useMemo, useState } from "react";
import { type PageError, send } from "../../data/send.ts";
import { Action } from "../../elements/action.tsx";
import { TextField } from "../../elements/fields.tsx";
import { Moment } from "../../elements/moment.tsx";
import { pathOf } from "../../elements/spelled.ts";
import { draftOf } from "../../form/draft.ts";
import { fieldOf } from "../../form/field-of-schema.ts";
import { filled } from "../../form/filled.ts";
import { SchemaForm } from "../../form/form.tsx";
import { Glyph } from "../../score/glyph.tsx";
import { type Decision, decisionOf } from "../actions/actions.ts";
import { JsonView } from "../json/json-view.tsx";
import { useGo } from "../live/use-address.ts";
import type { RunFacts } from "../model/facts.ts";

/** The questions of a run, or of one of its tasks, that wait for a person: decided where they are read. */
export function Approvals({ run, task }: { run: RunFacts; task?: string }) {
  const query = useQuery({
    // As the questions of the whole page: the same events touch them.
    queryKey: ["approvals", { run: run.id, open: run.openApprovals }],
    queryFn: async ({ signal }) => {
      const path = pathOf(["approvals"], { workId: run.id, size: 100 });
      return (await send({ method: "GET", path }, signal)) as ListApprovalsReply;
    },
    enabled: run.openApprovals > 0,
  });
  const open = (query.data?.approvals ?? []).filter(
    ({ about, verdict }) =>
      (task === undefined || about?.task === task) &&
      !["approved", "rejected", "expired", "withdrawn"].includes(verdict),
  );
  if (run.openApprovals === 0 || open.length === 0) return null;
  return (
    <>
      {open.map((approval) => (
        <Question key={approval.approvalId} run={run} approval={approval} isBesideTask={task !== undefined} />
      ))}
    </>
  );
}

function Question({
  run,
  approval,
  isBesideTask,
}: {
  run: RunFacts;
  approval: Approval;
  isBesideTask: boolean;
}) {
  const go = useGo();
  const {
    approvalId,
    title = "",
    message = "",
    context,
    form = "",
    about,
    expireTimeMs,
    requestTimeMs,
  } = approval;
  const field = useMemo(() => (form === "" ? undefined : fieldOf(form, "What goes with it")), [form]);
  const [draft, setDraft] = useState(() => (field === undefined ? undefined : draftOf(field)));
  const [reason, setReason] = useState("");
  const [isTried, setIsTried] = useState(false);
  const [problem, setProblem] = useState<PageError>();
  const given = field === undefined || draft === undefined ? undefined : filled(field, draft);
  const problems = given?.problems ?? [];
  const decide = (verdict: Decision["verdict"]) => {
    const data = verdict === "approved" ? given?.value : undefined;
    return decisionOf(run, approvalId, { verdict, data, reason: reason.trim() });
  };
  const isLate = (approval.approvalsNeeded ?? 0) > 1;
  return (
    <section className="run-question tone-held" aria-label={`Question: ${title}`}>
      <p className="run-question-ask">
        <Glyph name="fermata" />
        <strong>{title === "" ? approvalId : title}</strong>
      </p>
      {message === "" ? null : <p>{message}</p>}
      <p className="small soft">
        {isBesideTask || !about?.task ? null : (
          <>
            <button type="button" className="run-link" onClick={() => go({ task: about.task ?? "" })}>
              {about.task}
            </button>{" "}
            asks this
          </>
        )}
        {requestTimeMs === undefined ? null : (
          <>
            {" "}
            <Moment atMs={requestTimeMs} />
          </>
        )}
        {expireTimeMs === undefined ? null : (
          <>
            , open until <Moment atMs={expireTimeMs} />
          </>
        )}
        {isLate
          ? `, ${approval.approvalsNeeded} have to approve, ${approval.decisions?.length ?? 0} did`
          : ""}
        {(approval.deciders ?? []).length > 0 ? `, by ${approval.deciders.join(", ")}` : ""}
      </p>
      {context === undefined ? null : <JsonView value={context} what="what to look at" />}
      {field === undefined || draft === undefined ? null : (
        <SchemaForm field={field} draft={draft} problems={isTried ? problems : []} onChange={setDraft} />
      )}
      <TextField
        label="A word with it"
        value={reason}
        onChange={setReason}
        placeholder="kept with the decision"
      />
      {problem === undefined ? null : (
        <p className="problem" role="alert">
          {problem.message}
        </p>
      )}
      <div className="run-question-doings">
        <Action
          label="Approve"
          weight="main"
          {...decide("approved")}
          {...(problems.length > 0
            ? {
                perform: () => {
                  setIsTried(true);
                  return Promise.reject(
                    new Error("Something in the form is missing or wrong; it says so beside it."),
                  );
                },
              }
            : {})}
          said="Approved."
          onError={setProblem}
        />
        <Action label="Reject" weight="grave" {...decide("rejected")} said="Rejected." onError={setProblem} />
      </div>
    </section>
  );
}
