import { Link } from "@tanstack/react-router";
import type { WorkReference } from "@tutti/rest/types";
import type { ReactNode } from "react";

/** Leads to a run, a mission or a session, and there to a task of it. */
export function WorkLink({ about, children }: { about: WorkReference | undefined; children?: ReactNode }) {
  const { kind = "run", id = "", task = "" } = about ?? {};
  const search = task === "" ? {} : { task };
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
