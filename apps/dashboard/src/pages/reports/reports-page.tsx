import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Report, Routes } from "@tutti/rest/types";
import { useState } from "react";
import { send } from "../../data/send.ts";
import { Action } from "../../elements/action.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { ChoiceField, TextField } from "../../elements/fields.tsx";
import { Moment } from "../../elements/moment.tsx";
import { clock } from "../../elements/moments.ts";
import { Empty, PageHead, Part, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { Spelled } from "../../elements/spelled-popover.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { badgeOf, runStates } from "../../score/states.ts";
import { notify } from "../../shell/notice-board.ts";
import { ResultView } from "../explore/result-view.tsx";
import {
  bodyOf,
  covers,
  createCommand,
  type Draft,
  emptyDraft,
  files,
  kinds,
  problemsOf,
  type Reply,
  reportPath,
  reportQuery,
  reportsPath,
  reportsQuery,
  type Section,
  sectionsOf,
} from "./report.ts";
import "./reports.css";

/** Reports about work: created now or by a schedule, shown, and saved as files. */
export function ReportsPage() {
  const { id } = useSearch({ from: "/reports" });
  const [isOpen, setOpen] = useState(false);
  const query = useQuery(reportsQuery());
  return (
    <>
      <PageHead
        title="Reports"
        below="Work, errors, cost and capacity of a namespace, a team, a workflow or a framework"
        actions={
          <>
            <Link to="/schedules" className="press">
              Schedules
            </Link>
            <button type="button" className="press main" onClick={() => setOpen(true)}>
              New report …
            </button>
          </>
        }
      />
      {id === undefined ? null : <ReportView id={id} />}
      <Part
        title={id === undefined ? "All reports" : "Other reports"}
        aside={
          <span className="action lone">
            <Spelled
              label="Reports"
              call={{ method: "GET", path: reportsPath }}
              command={commandLine("tutti", "report", "list")}
            />
          </span>
        }
      >
        <QueryView query={query} label="reports" lines={4}>
          {({ reports }) =>
            reports.length === 0 ? (
              <Empty title="No reports yet.">
                <p>Create a report, or a schedule that creates one each week.</p>
              </Empty>
            ) : (
              <ul className="report-list">
                {reports.map((report) => (
                  <Line key={report.reportId} report={report} isSelected={report.reportId === id} />
                ))}
              </ul>
            )
          }
        </QueryView>
      </Part>
      <Dialog title="New report" open={isOpen} onClose={() => setOpen(false)}>
        <Form onClose={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function Line({ report, isSelected }: { report: Report; isSelected: boolean }) {
  const { reportId = "", title = "", status, createTimeMs, scheduleId } = report;
  return (
    <li>
      <BadgeMark badge={badgeOf(runStates, status)} />
      <Link to="/reports" search={{ id: reportId }} aria-current={isSelected ? "true" : undefined}>
        {title === "" ? reportId : title}
      </Link>
      <span className="soft small">
        {scheduleId ? <Tag>scheduled</Tag> : null} <Moment atMs={createTimeMs} />
      </span>
    </li>
  );
}

function ReportView({ id }: { id: string }) {
  const query = useQuery(reportQuery(id));
  return (
    <QueryView query={query} label="report" lines={8}>
      {(reply) => <Content id={id} reply={reply} />}
    </QueryView>
  );
}

function Content({ id, reply }: { id: string; reply: Reply }) {
  const { report } = reply;
  const sections = sectionsOf(reply);
  const { fromMs = 0, toMs = 0 } = report?.span ?? {};
  return (
    <Part title={report?.title ?? id} aside={toMs === 0 ? null : `${clock(fromMs)} to ${clock(toMs)}`}>
      {report?.status === "completed" ? <Files id={id} /> : <Unfinished id={id} report={report} />}
      {sections.map((section, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: sections have no other identity and never move
        <SectionView key={at} section={section} />
      ))}
    </Part>
  );
}

function Unfinished({ id, report }: { id: string; report: Report | undefined }) {
  const { status = "pending", error } = report ?? {};
  return (
    <p>
      <BadgeMark badge={badgeOf(runStates, status)} />{" "}
      {error?.message ?? (status === "failed" ? "The report failed." : "The report is being made.")}{" "}
      <Link to="/runs/$runId" params={{ runId: id }}>
        Show its run
      </Link>
    </p>
  );
}

/** The report as a file, in each format. */
function Files({ id }: { id: string }) {
  const queries = useQueryClient();
  const navigate = useNavigate({ from: "/reports" });
  return (
    <div className="report-files">
      {files.map(([format, label, ending]) => (
        <Action
          key={format}
          label={`Download ${label}`}
          call={{ method: "GET", path: reportPath(id, format) }}
          command={commandLine("tutti", "report", "save", id, `report.${ending}`)}
          onDone={(reply) => save(reply as Reply, `${id}.${ending}`)}
        />
      ))}
      <Action
        label="Delete report"
        weight="grave"
        call={{ method: "DELETE", path: reportPath(id) }}
        command={commandLine("tutti", "report", "delete", id)}
        perform={async () => {
          await send({ method: "DELETE", path: reportPath(id) });
          await queries.invalidateQueries({ queryKey: ["reports"], exact: true });
          await navigate({ search: {} });
          return true;
        }}
      />
    </div>
  );
}

/** Saves the file through the browser. */
function save({ file }: Reply, name: string): void {
  const { $bytes = "", mediaType = "" } = (file ?? {}) as { $bytes?: string; mediaType?: string };
  const bytes = Uint8Array.from(atob($bytes), (sign) => sign.charCodeAt(0));
  const url = URL.createObjectURL(new Blob([bytes], { type: mediaType }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

function SectionView({ section: { title, text, columns, rows, cut, problem } }: { section: Section }) {
  return (
    <section className="report-section">
      <h3>{title}</h3>
      {text === "" ? null : <p>{text}</p>}
      {problem === undefined ? null : <p className="problem">This section could not be created: {problem}</p>}
      {rows.length > 0 ? <ResultView result={{ columns, rows }} /> : null}
      {columns.length > 0 && rows.length === 0 ? <p className="soft">No data in this period.</p> : null}
      {cut ? <p className="soft small">The first {rows.length} rows. There are more.</p> : null}
    </section>
  );
}

function Form({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState<Draft>(emptyDraft);
  const [isSubmitted, setSubmitted] = useState(false);
  const found = problemsOf(draft);
  const call = { method: "POST" as const, path: reportsPath, body: bodyOf(draft) };
  return (
    <form className="sure" onSubmit={(event) => event.preventDefault()}>
      <Fields draft={draft} problems={isSubmitted ? found : {}} onChange={setDraft} />
      <div className="dialog-foot">
        <Action
          label={draft.schedule.trim() === "" ? "Create report" : "Create schedule"}
          weight="main"
          submit
          call={call}
          command={createCommand(draft)}
          perform={() => {
            setSubmitted(true);
            return Object.keys(found).length > 0 ? undefined : send(call);
          }}
          onDone={(reply) => {
            if (reply === undefined) return;
            const { report, scheduleId = "" } = reply as Routes["workReports.create"]["reply"];
            notify({
              tone: "done",
              text:
                report === undefined
                  ? `Schedule created: ${scheduleId}.`
                  : `Report started: ${report.title}.`,
            });
            void queries.invalidateQueries({ queryKey: ["reports"] });
            onClose();
          }}
        />
      </div>
    </form>
  );
}

function Fields({
  draft,
  problems,
  onChange,
}: {
  draft: Draft;
  problems: ReturnType<typeof problemsOf>;
  onChange: (draft: Draft) => void;
}) {
  const change = (next: Partial<Draft>) => onChange({ ...draft, ...next });
  return (
    <>
      <ChoiceField
        label="About"
        value={draft.kind}
        choices={kinds.map((kind) => [kind, kind] as const)}
        onChange={(kind) => change({ kind: kind as Draft["kind"] })}
      />
      {draft.kind === "namespace" ? null : (
        <TextField
          label={`Name of the ${draft.kind}`}
          value={draft.subject}
          required
          problem={problems.subject}
          onChange={(subject) => change({ subject })}
        />
      )}
      <ChoiceField
        label="Covers the last"
        value={draft.covers}
        choices={Object.entries(covers).map(
          ([value, days]) => [value, days === 1 ? "day" : `${days} days`] as const,
        )}
        onChange={(covered) => change({ covers: covered as Draft["covers"] })}
      />
      <TextField
        label="Schedule"
        value={draft.schedule}
        hint="Name of a schedule that creates the report regularly. Empty: create one report now."
        onChange={(schedule) => change({ schedule })}
      />
      {draft.schedule.trim() === "" ? null : (
        <TextField
          label="Cron expression"
          value={draft.cron}
          required
          code
          placeholder="0 7 * * MON"
          problem={problems.cron}
          onChange={(cron) => change({ cron })}
        />
      )}
    </>
  );
}
