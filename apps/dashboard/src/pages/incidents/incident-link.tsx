import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { currentNamespace } from "../../effects/namespace.ts";

interface IncidentLinkOptions {
  readonly incidentId: string;
  readonly namespace: string | undefined;
  readonly isButton?: boolean;
  readonly children?: ReactNode;
}

/** A link to an incident, which may be in another namespace than the tab. */
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
