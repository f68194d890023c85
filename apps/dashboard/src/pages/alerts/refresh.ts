import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { currentNamespace } from "../../effects/namespace.ts";

/** Reads alerts, silences, notifications and rules again. */
export function useAlertRefresh(): () => void {
  const queries = useQueryClient();
  return () => void queries.invalidateQueries({ queryKey: ["alerts"] });
}

/** The namespace whose alerts and rules are shown. */
export const AlertNamespace = createContext<string | undefined>(undefined);

export function useAlertNamespace(): string {
  return useContext(AlertNamespace) ?? currentNamespace();
}

/** A call about an object of this namespace. */
export function pathIn(namespace: string, path: string): string {
  return `${path}${path.includes("?") ? "&" : "?"}namespace=${encodeURIComponent(namespace)}`;
}
