/** Names the namespace in failures and empty lists, because it may be mistyped. */
import { nearest } from "@tutti/kernel";
import type { Routes } from "@tutti/rest/types";
import type { Context } from "../command/declaration.ts";
import type { Server } from "./calls.ts";

interface NamespaceCalls {
  readonly namespace: Server["namespace"];
  call(
    name: "namespaces.list",
    parts: { readonly query: { readonly size: number } },
  ): Promise<Routes["namespaces.list"]["reply"]>;
}

const comparedMax = 500;

/** Returns the option that repeats the namespace of a command. Empty without one. */
export function namespaceOption({ values }: Pick<Context, "values">): string {
  const namespace = values.text("namespace");
  return namespace === undefined || namespace === "" ? "" : ` -n ${namespace}`;
}

/**
 * Returns a sentence about a namespace that was not created. Undefined if it was, or if the caller may not list
 * namespaces.
 */
export async function unknownNamespace(server: NamespaceCalls): Promise<string | undefined> {
  const { namespace } = server.namespace;
  if (namespace === undefined) return undefined;
  const reply = await server.call("namespaces.list", { query: { size: comparedMax } }).catch(() => undefined);
  const names = reply?.resources.map(({ name }) => name) ?? [];
  if (names.length === 0 || names.length >= comparedMax || names.includes(namespace)) return undefined;
  const meant = nearest(namespace, names);
  const hint =
    meant === undefined ? "List namespaces with `tutti namespace list`." : `Did you mean \`${meant}\`?`;
  return `The namespace \`${namespace}\` was not created. ${hint}`;
}

/** Returns a text about something that was not found, with the namespace in its sentence and its commands. */
export function withinNamespace(text: string, server: Pick<Server, "namespace">, option: string): string {
  const { namespace } = server.namespace;
  if (namespace === undefined) return text;
  return text
    .replace(/ not found(?=[.,]|$)/, ` not found in the namespace \`${namespace}\``)
    .replace(/`(tutti [^`]+)`/g, (_, command: string) => `\`${command}${option}\``);
}
