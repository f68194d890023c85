/** What an approval is about. */

const contextLengthMax = 200;

interface Question {
  readonly title?: string | undefined;
  readonly context?: unknown;
}

/** The title, and the context to read before deciding: `The agent wants to call pay.refund {"amount":150}`. */
export function questionText({ title = "", context }: Question): string {
  const about = contextText({ context });
  return about === "" ? title : `${title} ${about}`.trimStart();
}

/** An agent that asks to call a tool names the tool in the title, and gives it with the input. */
export function contextText({ context }: Question): string {
  if (context === undefined || context === null) return "";
  const call = callOf(context);
  const shown = call === undefined ? context : call.input;
  const text = typeof shown === "string" ? shown : (JSON.stringify(shown) ?? "");
  return text.length > contextLengthMax ? `${text.slice(0, contextLengthMax)}…` : text;
}

/** The call of a tool that an agent asks for. A person may change its input. */
export function callOf(context: unknown): { readonly tool: unknown; readonly input: unknown } | undefined {
  const isCall = typeof context === "object" && context !== null && "tool" in context && "input" in context;
  return isCall ? { tool: context.tool, input: context.input } : undefined;
}
