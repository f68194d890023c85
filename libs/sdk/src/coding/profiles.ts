/**
 * How a coding program is started, fed and read. A profile is data and two pure functions, so that a program of
 * the user is a profile too.
 */
import { isMembers, type Members, membersIn, numberIn, textIn } from "../agents/models/wire.ts";

/** What a turn gives a program, beside the prompt on its standard input. */
export interface CodingTurn {
  /** As the program names it. Its own default unless given. */
  readonly model: string | undefined;
  /** The conversation to continue, as `session` of an earlier turn. */
  readonly session: string | undefined;
}

/** What a line of its output says. */
export interface CodingNews {
  readonly session?: string;
  /** A part of the answer. */
  readonly text?: string;
  /** The answer as a whole. */
  readonly answer?: string;
  /** A call of a tool, for readers. */
  readonly tool?: string;
  readonly turns?: number;
  readonly tokens?: number;
  /** What it cost in dollars. */
  readonly usd?: number;
  /** The turn failed. */
  readonly failure?: string;
}

export interface CodingProfile {
  /** For branches, commits and messages: `claude`. */
  readonly name: string;
  /** The program and its arguments for a turn. */
  readonly command: (turn: CodingTurn) => readonly string[];
  /** Variables of the worker that it sees beside PATH, HOME, LANG and TZ, such as its key. */
  readonly env: readonly string[];
  /** Variables that it gets in any case. */
  readonly set?: Readonly<Record<string, string>>;
  /** Reads a line. Without it all output is the answer. */
  readonly read?: (line: Members) => CodingNews;
  /** Whether it speaks the Agent Client Protocol in the place of lines that `read` knows. */
  readonly acp?: true;
}

/** Claude Code, `@anthropic-ai/claude-code`. It runs every tool without a question. */
export const claude: CodingProfile = {
  name: "claude",
  command: ({ model, session }) => [
    ...["claude", "-p", "--output-format", "stream-json", "--verbose"],
    ...["--permission-mode", "bypassPermissions"],
    ...(model === undefined ? [] : ["--model", model]),
    ...(session === undefined ? [] : ["--resume", session]),
  ],
  env: ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"],
  // Without IS_SANDBOX it refuses to run tools without a question as root.
  set: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1", IS_SANDBOX: "1" },
  read: (line) => {
    const type = textIn(line, "type");
    const session = textIn(line, "session_id");
    const known = session === "" ? {} : { session };
    if (type === "assistant") return { ...known, ...claudeParts(membersIn(line, "message")) };
    if (type !== "result") return known;
    const usage = membersIn(line, "usage");
    const answer = textIn(line, "result");
    const isFailed = line["is_error"] === true || textIn(line, "subtype") !== "success";
    return {
      ...known,
      ...(isFailed ? { failure: answer || textIn(line, "subtype") || "without a reason" } : { answer }),
      turns: numberIn(line, "num_turns"),
      tokens:
        numberIn(usage, "input_tokens") +
        numberIn(usage, "cache_creation_input_tokens") +
        numberIn(usage, "output_tokens"),
      usd: numberIn(line, "total_cost_usd"),
    };
  },
};

/** Codex, `@openai/codex`. The sandbox of Codex is off: the work tree and the limits of the worker hold it. */
export const codex: CodingProfile = {
  name: "codex",
  command: ({ model, session }) => [
    ...["codex", "exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"],
    ...(model === undefined ? [] : ["--model", model]),
    ...(session === undefined ? [] : ["resume", session]),
    "-",
  ],
  env: ["OPENAI_API_KEY", "CODEX_API_KEY", "CODEX_HOME"],
  read: (line) => {
    const type = textIn(line, "type");
    const item = membersIn(line, "item");
    const kind = textIn(item, "type");
    if (type === "thread.started") return { session: textIn(line, "thread_id") };
    if (type === "item.completed" && kind === "agent_message") {
      const text = textIn(item, "text");
      return { text: `${text}\n`, answer: text };
    }
    if (type === "item.started" && kind !== "agent_message" && kind !== "reasoning")
      return { tool: `${kind} ${textIn(item, "command") || textIn(item, "tool")}`.trim() };
    if (type === "turn.failed") return { failure: textIn(membersIn(line, "error"), "message") };
    if (type !== "turn.completed") return {};
    const usage = membersIn(line, "usage");
    const fresh = numberIn(usage, "input_tokens") - numberIn(usage, "cached_input_tokens");
    return { turns: 1, tokens: fresh + numberIn(usage, "output_tokens") };
  },
};

/** Gemini CLI, `@google/gemini-cli`. It runs every tool without a question. */
export const gemini: CodingProfile = {
  name: "gemini",
  command: ({ model, session }) => [
    ...["gemini", "--output-format", "stream-json", "--yolo", "--skip-trust"],
    ...(model === undefined ? [] : ["--model", model]),
    ...(session === undefined ? [] : ["--resume", session]),
  ],
  env: ["GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL", "GOOGLE_CLOUD_PROJECT"],
  read: (line) => {
    const type = textIn(line, "type");
    if (type === "init") return { session: textIn(line, "session_id") };
    if (type === "message" && textIn(line, "role") === "assistant") return { text: textIn(line, "content") };
    if (type === "tool_use")
      return { tool: `${textIn(line, "tool_name")} ${JSON.stringify(line["parameters"] ?? {})}` };
    if (type !== "result") return {};
    const stats = membersIn(line, "stats");
    const failure = textIn(membersIn(line, "error"), "message");
    return {
      ...(textIn(line, "status") !== "success" && { failure: failure || "without a reason" }),
      turns: 1,
      tokens: numberIn(stats, "input") + numberIn(stats, "output_tokens"),
    };
  },
};

/** A program that speaks the Agent Client Protocol: `acp("gemini", ["gemini", "--acp"], ["GEMINI_API_KEY"])`. */
export function acp(name: string, command: readonly string[], env: readonly string[] = []): CodingProfile {
  return {
    ...{ name, env, acp: true },
    command: ({ model }) => [...command, ...(model === undefined ? [] : ["--model", model])],
  };
}

function claudeParts(message: Members): CodingNews {
  const { content } = message;
  const parts = Array.isArray(content) ? content.filter(isMembers) : [];
  const text = parts.map((part) => textIn(part, "text")).join("");
  const tools = parts
    .filter((part) => textIn(part, "type") === "tool_use")
    .map((part) => `${textIn(part, "name")} ${JSON.stringify(part["input"] ?? {})}`);
  return { ...(text !== "" && { text: `${text}\n` }), ...(tools.length > 0 && { tool: tools.join("\n") }) };
}
