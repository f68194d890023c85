/** How what a button does is spelled outside the page: as a call of the REST interface and as a command. */

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With its query: `/v1/runs/r1/cancel`. */
  readonly path: string;
  /** The JSON body. Absent if there is none. */
  readonly body?: unknown;
}

/** Writes a word so that a shell takes it as one. */
export function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Returns a command line of words. */
export function commandLine(...args: readonly string[]): string {
  return args.map(shellWord).join(" ");
}

/** Returns a command line with `npx` before each `tutti`: it runs in the folder of a project, and with a global installation. */
export function withNpx(command: string): string {
  return command.replace(/(?<=^|&& )tutti /g, "npx tutti ");
}

/** Returns a call as curl makes it. On this machine nothing else is needed. Elsewhere a key is. */
export function curlOf(call: Call, origin: string): string {
  const isLocal = /^https?:\/\/(localhost|127\.|\[::1\])/.test(origin);
  const parts = ["curl"];
  if (call.method !== "GET") parts.push("-X", call.method);
  if (!isLocal) parts.push("-H", '"Authorization: Bearer $TUTTI_API_KEY"');
  if (call.body !== undefined)
    parts.push("-H", shellWord("content-type: application/json"), "-d", shellWord(JSON.stringify(call.body)));
  parts.push(shellWord(`${origin}${call.path}`));
  return parts.join(" ");
}

/** Returns a path with its segments encoded and its parameters behind it. Parameters without a value are left out. */
export function pathOf(
  segments: readonly string[],
  parameters: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>> = {},
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined || value === "" || value === false) continue;
    for (const each of Array.isArray(value) ? value : [value]) query.append(name, String(each));
  }
  const path = `/v1/${segments.map(encodeURIComponent).join("/")}`;
  return query.size === 0 ? path : `${path}?${query}`;
}
