/** Input and content of a report. Both are JSON: the input and the output of a run. */
import { ReportKind, type ReportSection } from "@tutti/contracts/insight/v1";

/** The input of the task. */
export interface ReportInput {
  readonly kind: KindName;
  readonly subject: string;
  readonly title: string;
  readonly spanMs: number;
  readonly sections: readonly RequestedSection[];
}

export interface ReportContent {
  readonly namespace: string;
  readonly kind: KindName;
  readonly subject: string;
  readonly title: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly sections: readonly Section[];
}

export type Cell = string | number | null;

export interface Section {
  readonly title: string;
  readonly text: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** True if there were more rows. */
  readonly cut: boolean;
  /** Values of a metric, as lines. */
  readonly lines?: readonly Line[];
  /** The reason why it has no table. */
  readonly problem?: string;
}

export interface Line {
  readonly name: string;
  readonly startMs: number;
  readonly stepMs: number;
  readonly values: readonly (number | null)[];
}

export type KindName = "namespace" | "team" | "workflow" | "framework";

export function kindName(kind: ReportKind): KindName {
  switch (kind) {
    case ReportKind.REPORT_KIND_TEAM:
      return "team";
    case ReportKind.REPORT_KIND_WORKFLOW:
      return "workflow";
    case ReportKind.REPORT_KIND_FRAMEWORK:
      return "framework";
    default:
      return "namespace";
  }
}

export const kindOf: Readonly<Record<KindName, ReportKind>> = {
  namespace: ReportKind.REPORT_KIND_NAMESPACE,
  team: ReportKind.REPORT_KIND_TEAM,
  workflow: ReportKind.REPORT_KIND_WORKFLOW,
  framework: ReportKind.REPORT_KIND_FRAMEWORK,
};

export type RequestedSection = Pick<ReportSection, "title" | "text" | "content">;
