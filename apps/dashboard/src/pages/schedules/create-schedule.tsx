import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { PreviewTimingReply } from "@tutti/rest/types";
import { useEffect, useMemo, useState } from "react";
import { workflowQuery, workflowsQuery } from "../../data/queries.ts";
import { pageError, send } from "../../data/send.ts";
import { after } from "../../effects/time.ts";
import { ChoiceField, TextField } from "../../elements/fields.tsx";
import { clock } from "../../elements/moments.ts";
import { CreateForm } from "../../elements/starters.tsx";
import { draftOf } from "../../form/draft.ts";
import type { Draft } from "../../form/field.ts";
import { fieldOf } from "../../form/field-of-schema.ts";
import { filled } from "../../form/filled.ts";
import { SchemaForm } from "../../form/form.tsx";
import "../../form/form.css";
import "./schedules.css";
import { useScheduleRefresh } from "./schedule-actions.tsx";
import {
  createCommand,
  emptySchedule,
  overlaps,
  ruleOf,
  type ScheduleDraft,
  type ScheduleProblems,
  scheduleBody,
  scheduleProblems,
} from "./timing.ts";

const previewAfterMs = 400;

/** A form for a new schedule: workflow, times, and input. The next times are shown during editing. */
export function CreateSchedule({ onDone }: { onDone: () => void }) {
  const [draft, setDraft] = useState<ScheduleDraft>(emptySchedule);
  const input = useInputOf(draft.workflow);
  const navigate = useNavigate();
  const scheduleId = draft.id.trim();
  const refresh = useScheduleRefresh(scheduleId);
  const problems = scheduleProblems(draft);
  const found = filled(input.field, input.draft);
  return (
    <CreateForm
      kind="schedule"
      call={{ method: "POST", path: "/v1/schedules", body: scheduleBody(draft, found.value) }}
      command={createCommand(draft, found.value)}
      isValid={Object.keys(problems).length === 0 && found.problems.length === 0}
      onCreated={() => {
        refresh();
        void navigate({ to: "/schedules/$scheduleId", params: { scheduleId } });
      }}
      onClose={onDone}
    >
      {(isSubmitted) => (
        <>
          <WorkflowPart draft={draft} problems={isSubmitted ? problems : {}} onChange={setDraft} />
          <When draft={draft} problems={isSubmitted ? problems : {}} onChange={setDraft} />
          {draft.workflow === "" ? null : (
            <SchemaForm
              field={input.field}
              draft={input.draft}
              problems={isSubmitted ? found.problems : []}
              onChange={input.setDraft}
            />
          )}
        </>
      )}
    </CreateForm>
  );
}

function useInputOf(workflow: string) {
  const { data } = useQuery({ ...workflowQuery(workflow), enabled: workflow !== "" });
  const field = useMemo(() => fieldOf(data?.inputSchema), [data?.inputSchema]);
  const [draft, setDraft] = useState<Draft>(() => draftOf(field));
  const [currentField, setCurrentField] = useState(field);
  if (currentField !== field) {
    setCurrentField(field);
    setDraft(draftOf(field));
  }
  return { field, draft: currentField === field ? draft : draftOf(field), setDraft };
}

interface PartOptions {
  draft: ScheduleDraft;
  problems: ScheduleProblems;
  onChange: (draft: ScheduleDraft) => void;
}

function WorkflowPart({ draft, problems, onChange }: PartOptions) {
  const { data } = useQuery(workflowsQuery());
  const names = (data?.definitions ?? []).map(({ name = "" }) => [name, name] as const);
  return (
    <div className="starter-grid">
      <TextField
        label="Name"
        value={draft.id}
        required
        code
        problem={problems.id}
        onChange={(id) => onChange({ ...draft, id })}
      />
      <ChoiceField
        label="Workflow"
        value={draft.workflow}
        required
        problem={problems.workflow}
        choices={[["", "choose a workflow"], ...names]}
        onChange={(workflow) => onChange({ ...draft, workflow })}
      />
      <TextField
        label="Description"
        value={draft.description}
        onChange={(description) => onChange({ ...draft, description })}
      />
      <ChoiceField
        label="Overlap"
        value={draft.overlap}
        choices={overlaps}
        onChange={(overlap) => onChange({ ...draft, overlap })}
      />
    </div>
  );
}

function When({ draft, problems, onChange }: PartOptions) {
  return (
    <div className="starter-grid">
      <ChoiceField
        label="When"
        value={draft.kind}
        choices={[
          ["cron", "cron expression"],
          ["interval", "interval"],
          ["once", "once"],
        ]}
        onChange={(kind) => onChange({ ...draft, kind: kind as ScheduleDraft["kind"] })}
      />
      {draft.kind === "cron" ? (
        <TextField
          label="Cron expression"
          hint="minute hour day month weekday"
          value={draft.cron}
          code
          problem={problems.cron}
          onChange={(cron) => onChange({ ...draft, cron })}
        />
      ) : null}
      {draft.kind === "interval" ? (
        <TextField
          label="Every"
          hint="30 s, 5 min, 1 h 30 min"
          value={draft.every}
          problem={problems.every}
          onChange={(every) => onChange({ ...draft, every })}
        />
      ) : null}
      {draft.kind === "once" ? (
        <TextField
          label="At"
          type="datetime-local"
          value={draft.once}
          problem={problems.once}
          onChange={(once) => onChange({ ...draft, once })}
        />
      ) : null}
      <TextField
        label="Time zone"
        hint="Europe/Zurich. Default: UTC"
        value={draft.timeZone}
        onChange={(timeZone) => onChange({ ...draft, timeZone })}
      />
      <NextTimes draft={draft} />
    </div>
  );
}

/** The next times of the draft, computed by the platform during editing. */
function NextTimes({ draft }: { draft: ScheduleDraft }) {
  const [times, setTimes] = useState<readonly number[]>([]);
  const [problem, setProblem] = useState<string | undefined>();
  const timing = JSON.stringify({
    rules: [ruleOf(draft)],
    ...(draft.timeZone === "" ? {} : { timeZone: draft.timeZone }),
  });
  useEffect(() => {
    const stop = new AbortController();
    const callOff = after(previewAfterMs, () => {
      const body = { timing: JSON.parse(timing) as unknown, count: 3 };
      send({ method: "POST", path: "/v1/schedules/preview", body }, stop.signal).then(
        (reply) => {
          setTimes((reply as PreviewTimingReply).timesMs);
          setProblem(undefined);
        },
        (error: unknown) => {
          if (!stop.signal.aborted) setProblem(pageError(error).message);
        },
      );
    });
    return () => {
      callOff();
      stop.abort();
    };
  }, [timing]);
  return (
    <div className="field next-preview" aria-live="polite">
      <span className="field-label">Next times</span>
      {problem === undefined ? (
        <ul className="small soft">
          {times.map((atMs) => (
            <li key={atMs}>{clock(atMs)}</li>
          ))}
        </ul>
      ) : (
        <p className="problem">{problem}</p>
      )}
    </div>
  );
}
