import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Evidence, ReportLine } from "@tutti/rest/types";
import { reportQuery } from "../../data/governance-queries.ts";
import { Dialog } from "../../elements/dialog.tsx";
import { Moment } from "../../elements/moment.tsx";
import { clock, count, counted } from "../../elements/moments.ts";
import { QueryView } from "../../elements/query-view.tsx";
import { Glyph } from "../../score/glyph.tsx";

/** A report on a framework: each control with its result and the evidence. */
export function ReportDialog({ reportId, onClose }: { reportId: string | undefined; onClose: () => void }) {
  return (
    <Dialog title="Report" open={reportId !== undefined} onClose={onClose} wide>
      {reportId === undefined ? null : <ReportContent reportId={reportId} />}
    </Dialog>
  );
}

function ReportContent({ reportId }: { reportId: string }) {
  const query = useQuery(reportQuery(reportId));
  return (
    <QueryView query={query} label="the report" lines={8}>
      {({ framework, span, lines, checkpoint = 0 }) => (
        <div className="record-whole">
          <p>
            <strong>{framework}</strong>, {clock(span?.fromMs ?? 0)} to {clock(span?.toMs ?? 0)}; evidence is
            under checkpoint {count(checkpoint)}.
          </p>
          <ul className="report-lines">
            {lines.map((line) => (
              <li key={line.control}>
                <ControlLine line={line} reportId={reportId} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </QueryView>
  );
}

function ControlLine({ line, reportId }: { line: ReportLine; reportId: string }) {
  const { control, ruleIds, evaluated = 0, violated = 0, handled = 0, kept = false, evidence } = line;
  return (
    <section className={`tone-${kept ? "done" : "wrong"}`}>
      <h3>
        <Glyph name={kept ? "final" : "cross"} /> {control}{" "}
        <span className="small">{kept ? "kept" : "not kept"}</span>
      </h3>
      <p className="small soft">
        by {ruleIds.join(", ")}: checked {counted(evaluated, "time")}, {count(violated)} violations, of which{" "}
        {count(handled)} were rejected, sent for approval or changed
      </p>
      {evidence.length === 0 ? null : (
        <details>
          <summary>Evidence ({evidence.length})</summary>
          <ul>
            {evidence.map((each) => (
              <li key={`${each.kind} ${each.id}`} className="small">
                <EvidenceLine evidence={each} reportId={reportId} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function EvidenceLine({ evidence, reportId }: { evidence: Evidence; reportId: string }) {
  const { kind, id, summary, timeMs } = evidence;
  return (
    <>
      {kind === "record" ? (
        <Link to="/audit" search={{ view: "compliance", report: reportId, record: id }} resetScroll={false}>
          <code>{id}</code>
        </Link>
      ) : (
        <>
          {kind} <code>{id}</code>
        </>
      )}{" "}
      {summary} <Moment atMs={timeMs} />
    </>
  );
}
