import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { currentNamespace } from "../../effects/namespace.ts";

/** Leads to an incident, also to one of another namespace than that of the tab. */
export function IncidentLink(options: {
  incidentId: string;
  namespace: string | undefined;
  children?: ReactNode;
}) {
  const { incidentId, namespace = "", children } = options;
  const isOwn = namespace === "" || namespace === currentNamespace();
  return (
    <Link to="/incidents/$incidentId" params={{ incidentId }} search={isOwn ? {} : { of: namespace }}>
      {children ?? incidentId}
    </Link>
  );
}
