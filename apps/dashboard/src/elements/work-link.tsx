import { Link } from "@tanstack/react-router";
import type { WorkReference } from "@tutti/rest/types";
import type { ReactNode } from "react";
import { currentNamespace } from "../effects/namespace.ts";

/** A link to a run, a mission or a session, optionally to one of its tasks. */
export function WorkLink({ about, children }: { about: WorkReference | undefined; children?: ReactNode }) {
  const { kind = "run", id = "", task = "", namespace = "" } = about ?? {};
  const search = task === "" ? {} : { task };
  if (namespace !== "" && namespace !== currentNamespace())
    return <a href={otherNamespaceAddress({ namespace, kind, id, task })}>{children ?? id}</a>;
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

/** Returns an address that switches the tab to the other namespace. */
function otherNamespaceAddress({
  namespace,
  kind,
  id,
  task,
}: Record<"namespace" | "kind" | "id" | "task", string>): string {
  const search = new URLSearchParams({ namespace, ...(task === "" ? {} : { task }) });
  return `/${encodeURIComponent(kind)}s/${encodeURIComponent(id)}?${search}`;
}
