import { useQuery } from "@tanstack/react-query";
import { answererText } from "@tutti/rest/history";
import type { Approval, ListApprovalsReply } from "@tutti/rest/types";
import { useMemo, useState } from "react";
import { type PageError, send } from "../../data/send.ts";
import { Action } from "../../elements/action.tsx";
import { Claim } from "../../elements/claim.tsx";
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
import { hasRunEnded } from "../model/task-state.ts";

/** The open questions of a run or of one of its tasks, with a form to answer each. */
export function Approvals({
  run,
  task,
  except = "",
}: {
  run: RunFacts;
  /** Shows only questions of this task. */
  task?: string;
  /** Hides questions of this task, which are shown elsewhere. */
  except?: string;
}) {
  const { waiting = 0, running = 0 } = run.counts;
  // A task in an inbox is running.
  const isWaiting = !hasRunEnded(run.state) && waiting + running > 0;
  const query = useQuery({
    // The prefix of the key is that of all questions, because the same events invalidate them.
    queryKey: ["approvals", { run: run.id, waiting, running }],
    queryFn: async ({ signal }) => {
      const path = pathOf(["approvals"], { workId: run.id, size: 100 });
      return (await send({ method: "GET", path }, signal)) as ListApprovalsReply;
    },
    enabled: isWaiting,
  });
  const open = (query.data?.approvals ?? []).filter(
    (approval) =>
      (task === undefined || waitingTask(approval) === task) &&
      (except === "" || waitingTask(approval) !== except) &&
      !["approved", "rejected", "expired", "withdrawn"].includes(approval.verdict),
  );
  if (!isWaiting || open.length === 0) return null;
  return (
    <>
      {open.map((approval) => (
        <Question
          key={`${approval.about?.id}/${approval.approvalId}`}
          run={run}
          approval={approval}
          isBesideTask={task !== undefined}
        />
      ))}
    </>
  );
}

/** The task that waits for the answer: the task in an inbox, or else the one that asks. */
function waitingTask({ inboxTask, about }: Approval): string {
  return (inboxTask?.about ?? about)?.task ?? "";
}

interface QuestionOptions {
  run: RunFacts;
  approval: Approval;
  isBesideTask: boolean;
}

function Question({ run, approval, isBesideTask }: QuestionOptions) {
  const { approvalId, title = "", message = "", context } = approval;
  return (
    <section className="run-question tone-held" aria-label={`Question: ${title}`}>
      <p className="run-question-ask">
        <Glyph name="fermata" />
        <strong>{title === "" ? approvalId : title}</strong>
      </p>
      {message === "" ? null : <p>{message}</p>}
      <About approval={approval} isBesideTask={isBesideTask} />
      <Claim approval={approval} />
      <div className="run-question-parts">
        {context === undefined ? null : <JsonView value={context} label="context" />}
        <Answer run={run} approval={approval} />
      </div>
    </section>
  );
}

function About({ approval, isBesideTask }: Omit<QuestionOptions, "run">) {
  const go = useGo();
  const { inboxTask, expireTimeMs, requestTimeMs, approvalsNeeded = 0, decisions = [] } = approval;
  const answerers = answererText(approval);
  const task = waitingTask(approval);
  const parts = [
    approvalsNeeded > 1 ? `${decisions.length} of ${approvalsNeeded} approvals` : "",
    answerers === "" ? "" : `for ${answerers}`,
  ].filter(Boolean);
  return (
    <p className="small soft">
      {isBesideTask || task === "" ? null : (
        <>
          <button type="button" className="text-link" onClick={() => go({ task })}>
            {task}
          </button>{" "}
        </>
      )}
      {inboxTask === undefined
        ? "requested"
        : `in the inbox ${inboxTask.inbox ?? ""} (${inboxTask.capability ?? ""}) since`}
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
      {parts.map((each) => `, ${each}`).join("")}
    </p>
  );
}

function Answer({ run, approval }: Omit<QuestionOptions, "isBesideTask">) {
  const { approvalId, form = "" } = approval;
  const field = useMemo(() => (form === "" ? undefined : fieldOf(form, "Form")), [form]);
  const [draft, setDraft] = useState(() => (field === undefined ? undefined : draftOf(field)));
  const [reason, setReason] = useState("");
  const [isSubmitted, setIsSubmitted] = useState(false);
  const [problem, setProblem] = useState<PageError>();
  const result = field === undefined || draft === undefined ? undefined : filled(field, draft);
  const problems = result?.problems ?? [];
  const decide = (verdict: Decision["verdict"]) => {
    const data = verdict === "approved" ? result?.value : undefined;
    const question = { approvalId, task: approval.about?.task ?? "" };
    // A task in an inbox has a run of its own.
    const asking = { id: approval.about?.id ?? run.id, namespace: run.namespace };
    return decisionOf(asking, question, { verdict, data, reason: reason.trim() });
  };
  const refuse = () => {
    setIsSubmitted(true);
    return Promise.reject(new Error("The form has problems. See the fields."));
  };
  return (
    <div className="run-question-answer">
      {field === undefined || draft === undefined ? null : (
        <SchemaForm field={field} draft={draft} problems={isSubmitted ? problems : []} onChange={setDraft} />
      )}
      <TextField
        label="Reason"
        value={reason}
        onChange={setReason}
        placeholder="recorded with the decision and your name"
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
          {...(problems.length > 0 ? { perform: refuse } : {})}
          doneText="Approved."
          onError={setProblem}
        />
        <Action
          label="Reject"
          weight="grave"
          {...decide("rejected")}
          doneText="Rejected."
          onError={setProblem}
        />
      </div>
    </div>
  );
}
