/**
 * The stateless version of the protocol. Each request carries the version and the capabilities of its client. Over HTTP,
 * headers repeat the method, the target, and the arguments that a tool marks, because proxies route by headers.
 */
import { isMembers, type Members, textIn } from "../agents/models/wire.ts";

export const statelessVersion = "2026-07-28";

export const listenMethod = "subscriptions/listen";

export const rpcCodes = {
  method: -32_601,
  params: -32_602,
  internal: -32_603,
  headers: -32_020,
  capability: -32_021,
  version: -32_022,
} as const;

/** Whether only a server of the stateless version answers with this error. */
export const isModernError = (code: number): boolean =>
  code === rpcCodes.headers || code === rpcCodes.capability || code === rpcCodes.version;

/** Whether a repetition of the request gets the same error. */
export const isFinalError = (code: number): boolean => code === rpcCodes.method || code === rpcCodes.params;

/** The member `_meta` of each request. */
export function metaOf({ clientInfo, capabilities }: Members): Members {
  return {
    "io.modelcontextprotocol/protocolVersion": statelessVersion,
    "io.modelcontextprotocol/clientInfo": clientInfo,
    "io.modelcontextprotocol/clientCapabilities": capabilities,
  };
}

/** An argument of a tool that a header repeats. */
export interface HeaderArgument {
  /** Names of the properties from the arguments to the value. */
  readonly path: readonly string[];
  readonly header: string;
}

const mark = "x-mcp-header";
const markedTypes: readonly unknown[] = ["string", "integer", "boolean"];
const depthMax = 64;
/** Keywords whose values are data and no schemas. */
const dataKeywords: readonly string[] = ["const", "default", "enum", "examples"];

/** Returns the marked arguments of a tool. Undefined if a mark is not valid: the client must not offer such a tool. */
export function headerArgumentsOf(schema: unknown): readonly HeaderArgument[] | undefined {
  const found = new Map<string, HeaderArgument>();
  /** A schema without a path is not reached by properties alone. */
  const open: { readonly schema: unknown; readonly path?: readonly string[] }[] = [{ schema, path: [] }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { schema, path } = next;
    if (Array.isArray(schema)) open.push(...schema.map((part) => ({ schema: part })));
    if (!isMembers(schema)) continue;
    const header = schema[mark];
    if (header !== undefined) {
      const isToken = typeof header === "string" && /^[\w!#$%&'*+.^`|~-]+$/.test(header);
      if (!isToken || path === undefined || path.length === 0 || !markedTypes.includes(schema["type"]))
        return undefined;
      const key = header.toLowerCase();
      if (found.has(key)) return undefined;
      found.set(key, { path, header: `Mcp-Param-${header}` });
    }
    for (const [keyword, value] of Object.entries(schema)) {
      if (dataKeywords.includes(keyword)) continue;
      if (keyword !== "properties" || !isMembers(value)) open.push({ schema: value });
      else
        for (const [name, property] of Object.entries(value))
          open.push({
            schema: property,
            ...(path !== undefined && path.length < depthMax && { path: [...path, name] }),
          });
    }
  }
  return [...found.values()];
}

/** Returns the headers of a request over HTTP. */
export function headersOf(
  method: string,
  params: Members,
  marked: readonly HeaderArgument[] = [],
): Readonly<Record<string, string>> {
  const target = method === "resources/read" ? textIn(params, "uri") : textIn(params, "name");
  const headers: Record<string, string> = { "Mcp-Method": method };
  if (target !== "") headers["Mcp-Name"] = headerText(target);
  for (const { path, header } of marked) {
    let value = params["arguments"];
    for (const name of path) value = isMembers(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
      headers[header] = headerText(String(value));
  }
  return headers;
}

/** A text that a header cannot carry, or that looks encoded, is encoded. */
function headerText(text: string): string {
  const isPlain = /^(?:[!-~](?:[ -~]*[!-~])?)?$/.test(text) && !/^=\?base64\?.*\?=$/.test(text);
  return isPlain ? text : `=?base64?${Buffer.from(text).toString("base64")}?=`;
}
