import { Link } from "@tanstack/react-router";
import type { WorkReference } from "@tutti/rest/types";
import type { ReactNode } from "react";
import { currentNamespace } from "../effects/namespace.ts";

/** Leads to a run, a mission or a session, and there to a task of it. */
export function WorkLink({ about, children }: { about: WorkReference | undefined; children?: ReactNode }) {
  const { kind = "run", id = "", task = "", namespace = "" } = about ?? {};
  const search = task === "" ? {} : { task };
  if (namespace !== "" && namespace !== currentNamespace())
    return <a href={elsewhere({ namespace, kind, id, task })}>{children ?? id}</a>;
  if (kind === "mission")
    return (
      <Link to="/missions/$missionId" params={{ missionId: id }} search={search}>
        {children ?? id}
      </Link>
    );
  if (kind === "session")
    return (
      <Link to="/sessions/$sessionId" params={{ sessionId: id }} search={search}>
        {children ?? id}
      </Link>
    );
  return (
    <Link to="/runs/$runId" params={{ runId: id }} search={search}>
      {children ?? id}
    </Link>
  );
}

/** The whole tab looks into the other namespace from there on. */
function elsewhere({
  namespace,
  kind,
  id,
  task,
}: Record<"namespace" | "kind" | "id" | "task", string>): string {
  const search = new URLSearchParams({ namespace, ...(task === "" ? {} : { task }) });
  return `/${encodeURIComponent(kind)}s/${encodeURIComponent(id)}?${search}`;
}
