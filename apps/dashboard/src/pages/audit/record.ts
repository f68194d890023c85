/** A record in words. */
import type { AuditRecord } from "@tutti/rest/types";

export function actionOf({ action = "", result }: Pick<AuditRecord, "action" | "result">): string {
  return result === "refused" ? `refused: ${action}` : action;
}

export function aboutOf({ work }: Pick<AuditRecord, "work">): string {
  if (work === undefined || !work.kind) return "";
  return [work.kind, work.id, work.task].filter(Boolean).join(" ");
}

/** Kinds with a page. */
const withPage = ["run", "mission", "session"];

export function hasPage({ work }: Pick<AuditRecord, "work">): boolean {
  return withPage.includes(work?.kind ?? "") && work?.id !== "";
}
