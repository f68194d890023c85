import { useNavigate, useSearch } from "@tanstack/react-router";
import "../../elements/listed.css";
import { PageHead } from "../../elements/parts.tsx";
import { Tabs } from "../../elements/tabs.tsx";
import { CheckpointsView } from "./checkpoints-view.tsx";
import { ComplianceView } from "./compliance-view.tsx";
import { RecordDialog } from "./record-dialog.tsx";
import { RecordsView } from "./records-view.tsx";
import { ReportDialog } from "./report-dialog.tsx";
import "./audit.css";

const tabs = [
  ["records", "Records"],
  ["refused", "Rejected"],
  ["checkpoints", "Checkpoints"],
  ["compliance", "Compliance"],
] as const;

/** Completed and rejected actions, each with its proof. */
export function AuditPage() {
  const { view = "records", record, report } = useSearch({ from: "/audit" });
  const navigate = useNavigate({ from: "/audit" });
  return (
    <>
      <PageHead title="Audit" below="Each change is recorded in the same write and can be verified." />
      <Tabs
        label="Audit views"
        tabs={tabs}
        current={view}
        onChange={(next) => void navigate({ search: { view: next } })}
      >
        {view === "records" || view === "refused" ? <RecordsView key={view} /> : null}
        {view === "checkpoints" ? <CheckpointsView /> : null}
        {view === "compliance" ? <ComplianceView /> : null}
      </Tabs>
      <ReportDialog
        reportId={record === undefined ? report : undefined}
        onClose={() => void navigate({ search: ({ report: _, ...others }) => others, resetScroll: false })}
      />
      <RecordDialog
        recordId={record}
        onClose={() => void navigate({ search: ({ record: _, ...others }) => others, resetScroll: false })}
      />
    </>
  );
}
