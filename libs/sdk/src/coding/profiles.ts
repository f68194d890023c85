/**
 * How a coding program is started, and how its output is read. A profile is data and two pure functions, so users can
 * add profiles for their own programs.
 */
import { glob } from "node:fs/promises";
import { join } from "node:path";
import { isMembers, type Members, membersIn, numberIn, textIn } from "../agents/models/wire.ts";

/** Parameters of a turn, in addition to the prompt on standard input. */
export interface CodingTurn {
  /** Name of the model for the program. Default: the default of the program. */
  readonly model: string | undefined;
  /** The conversation to continue, as `session` of an earlier turn. */
  readonly session: string | undefined;
  /** How many dollars the turn may cost. Undefined without a limit. */
  readonly usdLeft?: number | undefined;
}

/** Tokens of a model. */
export interface ModelTokens {
  /** Input tokens, including tokens from the provider's cache, which count only for the price. */
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
}

/** Content of a line of the program's output. */
export interface CodingProgress {
  readonly session?: string;
  /** A part of the answer. */
  readonly text?: string;
  /** The answer as a whole. */
  readonly answer?: string;
  /** A call of a tool, for readers. */
  readonly tool?: string;
  /** Turns that have ended with this line. */
  readonly turns?: number;
  /** New tokens since the last line. */
  readonly tokens?: number;
  /** New cost in US dollars. */
  readonly usd?: number;
  /** Tokens of one answer. A later line with the same id has a higher count. The end of the turn replaces them. */
  readonly answered?: ModelTokens & { readonly id: string };
  /** Tokens of the turn that has ended, if `tokens` is not known. */
  readonly usage?: ModelTokens;
  /** Tokens of all turns of the session so far. */
  readonly sessionUsage?: ModelTokens;
  /** Cost of all turns of the session so far, in US dollars. */
  readonly sessionUsd?: number;
  /** The model that answers. */
  readonly model?: string;
  /** The turn failed. */
  readonly failure?: string;
}

export interface CodingProfile {
  /** Name in branches, commits and messages: `claude`. */
  readonly name: string;
  /** The program and its arguments for a turn. */
  readonly command: (turn: CodingTurn) => readonly string[];
  /** Variables of the worker that it sees in addition to PATH, HOME, LANG and TZ, such as its key. */
  readonly env: readonly string[];
  /** Variables that are always set. */
  readonly set?: Readonly<Record<string, string>>;
  /** Reads a line. Without this function, all output is the answer. */
  readonly read?: (line: Members) => CodingProgress;
  /** Amounts that its lines report. A budget of other amounts is rejected. Default: both, none without `read`. */
  readonly reports?: readonly ("tokens" | "usd")[];
  /** A log of the session with the values of `answered` or `sessionUsage` while a turn runs. */
  readonly log?: SessionLogFiles;
  /** True if the program uses the Agent Client Protocol instead of lines for `read`. */
  readonly acp?: true;
}

export interface SessionLogFiles {
  /**
   * @param env the variables of the program
   * @param known the files of the previous call
   */
  readonly files: (
    session: string,
    env: Readonly<Record<string, string>>,
    known: readonly string[],
  ) => Promise<readonly string[]>;
  /** Reads a line of JSON. */
  readonly read: (line: Members) => CodingProgress;
}

/** Claude Code, `@anthropic-ai/claude-code`. It runs every tool without a question. */
export const claude: CodingProfile = {
  name: "claude",
  command: ({ model, session, usdLeft }) => [
    ...["claude", "-p", "--output-format", "stream-json", "--verbose", "--include-partial-messages"],
    ...["--permission-mode", "bypassPermissions"],
    ...(usdLeft === undefined ? [] : ["--max-budget-usd", usdLeft.toFixed(6)]),
    ...(model === undefined ? [] : ["--model", model]),
    ...(session === undefined ? [] : ["--resume", session]),
  ],
  env: ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"],
  // As root, it refuses to run tools without a question if IS_SANDBOX is not set.
  set: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1", IS_SANDBOX: "1" },
  read: (line) => {
    const type = textIn(line, "type");
    const session = textIn(line, "session_id");
    const known = session === "" ? {} : { session };
    if (type === "stream_event") return claudeEvent(line);
    if (type === "assistant") {
      const message = membersIn(line, "message");
      return { ...known, ...claudeParts(message), ...claudeAnswered(textIn(message, "id"), message) };
    }
    if (type !== "result") return known;
    const usage = membersIn(line, "usage");
    const answer = textIn(line, "result");
    const isFailed = line["is_error"] === true || textIn(line, "subtype") !== "success";
    return {
      ...known,
      ...(isFailed ? { failure: answer || textIn(line, "subtype") || "without a reason" } : { answer }),
      turns: Math.max(1, numberIn(line, "num_turns")),
      usage: claudeTokens(usage),
      sessionUsd: numberIn(line, "total_cost_usd"),
    };
  },
};

/** Codex, `@openai/codex`. The sandbox of Codex is off. The work tree and the limits of the worker confine it. */
export const codex: CodingProfile = {
  name: "codex",
  command: ({ model, session }) => [
    ...["codex", "exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"],
    ...(model === undefined ? [] : ["--model", model]),
    ...(session === undefined ? [] : ["resume", session]),
    "-",
  ],
  env: ["OPENAI_API_KEY", "CODEX_API_KEY", "CODEX_HOME"],
  reports: ["tokens"],
  log: {
    files: (session, { CODEX_HOME, HOME = "" }, known) => {
      const pattern = join("sessions", "*", "*", "*", `rollout-*-${session}.jsonl`);
      return known.length > 0 ? Promise.resolve(known) : filesIn(CODEX_HOME ?? join(HOME, ".codex"), pattern);
    },
    read: (line) => {
      const total = membersIn(membersIn(membersIn(line, "payload"), "info"), "total_token_usage");
      return "input_tokens" in total ? { sessionUsage: codexTokens(total) } : {};
    },
  },
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
    return { turns: 1, sessionUsage: codexTokens(membersIn(line, "usage")) };
  },
};

/** Length of the prefix of a session id in the name of its log. */
const geminiIdLength = 8;

/** Gemini CLI, `@google/gemini-cli`. It runs every tool without a question. */
export const gemini: CodingProfile = {
  name: "gemini",
  command: ({ model, session }) => [
    ...["gemini", "--output-format", "stream-json", "--yolo", "--skip-trust"],
    ...(model === undefined ? [] : ["--model", model]),
    ...(session === undefined ? [] : ["--resume", session]),
  ],
  env: ["GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL", "GOOGLE_CLOUD_PROJECT"],
  reports: ["tokens"],
  log: {
    // The version of the program decides which of several files it continues.
    files: (session, { HOME = "" }) =>
      filesIn(
        join(HOME, ".gemini", "tmp"),
        join("*", "chats", `session-*-${session.slice(0, geminiIdLength)}.jsonl`),
      ),
    read: (line) => {
      if (textIn(line, "type") !== "gemini") return {};
      const used = membersIn(line, "tokens");
      const outputTokens = numberIn(used, "output") + numberIn(used, "thoughts");
      const [inputTokens, cachedTokens] = [numberIn(used, "input"), numberIn(used, "cached")];
      return { answered: { id: textIn(line, "id"), inputTokens, cachedTokens, outputTokens } };
    },
  },
  read: (line) => {
    const type = textIn(line, "type");
    if (type === "init") return { session: textIn(line, "session_id"), model: textIn(line, "model") };
    if (type === "message" && textIn(line, "role") === "assistant") return { text: textIn(line, "content") };
    if (type === "tool_use")
      return { tool: `${textIn(line, "tool_name")} ${JSON.stringify(line["parameters"] ?? {})}` };
    if (type !== "result") return {};
    const stats = membersIn(line, "stats");
    const failure = textIn(membersIn(line, "error"), "message");
    return {
      ...(textIn(line, "status") !== "success" && { failure: failure || "without a reason" }),
      turns: 1,
      usage: {
        inputTokens: numberIn(stats, "input") + numberIn(stats, "cached"),
        cachedTokens: numberIn(stats, "cached"),
        outputTokens: numberIn(stats, "output_tokens"),
      },
    };
  },
};

/** A program with the Agent Client Protocol: `acp("gemini", ["gemini", "--acp"], ["GEMINI_API_KEY"])`. */
export function acp(name: string, command: readonly string[], env: readonly string[] = []): CodingProfile {
  return {
    name,
    env,
    acp: true,
    command: ({ model }) => [...command, ...(model === undefined ? [] : ["--model", model])],
  };
}

/** Reads a line of JSON. Programs write warnings between their lines. */
export function parseLine(line: string, read: (line: Members) => CodingProgress): CodingProgress {
  try {
    const value = JSON.parse(line) as unknown;
    return isMembers(value) ? read(value) : {};
  } catch {
    return {};
  }
}

async function filesIn(cwd: string, pattern: string): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const file of glob(pattern, { cwd })) files.push(join(cwd, file));
  return files;
}

function codexTokens(usage: Members): ModelTokens {
  return {
    inputTokens: numberIn(usage, "input_tokens"),
    cachedTokens: numberIn(usage, "cached_input_tokens"),
    outputTokens: numberIn(usage, "output_tokens"),
  };
}

function claudeTokens(usage: Members): ModelTokens {
  const cachedTokens = numberIn(usage, "cache_read_input_tokens");
  const fresh = numberIn(usage, "input_tokens") + numberIn(usage, "cache_creation_input_tokens");
  return { inputTokens: fresh + cachedTokens, cachedTokens, outputTokens: numberIn(usage, "output_tokens") };
}

function claudeAnswered(id: string, message: Members): CodingProgress {
  const model = textIn(message, "model");
  const answered = { id, ...claudeTokens(membersIn(message, "usage")) };
  return id === "" ? {} : { answered, ...(model !== "" && { model }) };
}

/** Only the last event of an answer has all tokens of its output. */
function claudeEvent(line: Members): CodingProgress {
  const event = membersIn(line, "event");
  return textIn(event, "type") === "message_delta"
    ? claudeAnswered(textIn(line, "api_message_id"), event)
    : {};
}

function claudeParts(message: Members): CodingProgress {
  const { content } = message;
  const parts = Array.isArray(content) ? content.filter(isMembers) : [];
  const text = parts.map((part) => textIn(part, "text")).join("");
  const tools = parts
    .filter((part) => textIn(part, "type") === "tool_use")
    .map((part) => `${textIn(part, "name")} ${JSON.stringify(part["input"] ?? {})}`);
  return { ...(text !== "" && { text: `${text}\n` }), ...(tools.length > 0 && { tool: tools.join("\n") }) };
}
