import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { currentNamespace } from "../../effects/namespace.ts";

interface IncidentLinkOptions {
  readonly incidentId: string;
  readonly namespace: string | undefined;
  readonly isButton?: boolean;
  readonly children?: ReactNode;
}

/** Leads to an incident, also to one of another namespace than that of the tab. */
export function IncidentLink({
  incidentId,
  namespace = "",
  isButton = false,
  children,
}: IncidentLinkOptions) {
  const isOwn = namespace === "" || namespace === currentNamespace();
  return (
    <Link
      to="/incidents/$incidentId"
      params={{ incidentId }}
      search={isOwn ? {} : { of: namespace }}
      {...(isButton && { className: "press" })}
    >
      {children ?? incidentId}
    </Link>
  );
}
