/**
 * One turn with a program that implements the Agent Client Protocol, version 1: JSON-RPC by lines over its pipes.
 *
 * 1. The worker's function or the profile's rule decides each permission that the program requests.
 * 2. If the program cannot load a session, a new session starts. Its prompt has the whole task.
 * 3. The program reads and writes files by itself: it works in the work tree.
 */
import { isMembers, type Members, membersIn, numberIn, textIn } from "../agents/models/wire.ts";
import type { CodingProgress } from "./profiles.ts";

/** An action for which a program requests permission. */
export interface PermissionRequest {
  /** In words, often the command itself. */
  readonly title: string;
  /** `execute`, `edit`, `delete`, `fetch` and others, as the program names it. */
  readonly kind: string;
  readonly input: unknown;
}

export type PermissionCheck = (request: PermissionRequest) => boolean | Promise<boolean>;

export interface AcpTurn {
  readonly folder: string;
  readonly prompt: string;
  /** The prompt for a session that does not know the task. */
  readonly wholePrompt: string;
  readonly session: string | undefined;
  readonly permit: PermissionCheck;
  readonly send: (message: Members) => void;
  readonly received: (progress: CodingProgress) => Promise<void>;
  /** Called when the turn is over, and the program may end. */
  readonly over: () => void;
}

const protocolVersion = 1;
const methodUnknown = -32_601;
const ids = { initialize: 1, session: 2, prompt: 3 };

export class AcpConversation {
  readonly #turn: AcpTurn;
  #session = "";
  #isLoading = false;
  /** True if the prompt was sent. */
  #isPrompted = false;
  #isOver = false;

  constructor(turn: AcpTurn) {
    this.#turn = turn;
  }

  start(): void {
    const fs = { readTextFile: false, writeTextFile: false };
    this.#request(ids.initialize, "initialize", {
      protocolVersion,
      clientCapabilities: { fs, terminal: false },
    });
  }

  /** Handles a line of the program. */
  async handleLine(line: string): Promise<void> {
    const message = parsed(line);
    if (message === undefined) return;
    const method = textIn(message, "method");
    const params = membersIn(message, "params");
    const { id } = message;
    if (method === "") await this.#answered(Number(id), message);
    else if (method === "session/update") await this.#updated(membersIn(params, "update"));
    else if (method === "session/request_permission") await this.#decide(id, params);
    else if (id !== undefined)
      this.#turn.send({ id, error: { code: methodUnknown, message: `${method} is not supported` } });
  }

  async #answered(id: number, message: Members): Promise<void> {
    const { folder, session } = this.#turn;
    const place = { cwd: folder, mcpServers: [] };
    if (message["error"] !== undefined) {
      if (id === ids.session && this.#isLoading) {
        this.#isLoading = false;
        this.#session = "";
        return this.#request(ids.session, "session/new", place);
      }
      const { message: title, data } = membersIn(message, "error");
      const detail = data === undefined ? "" : `: ${typeof data === "string" ? data : JSON.stringify(data)}`;
      const reason = typeof title === "string" ? `${title}${detail}` : JSON.stringify(message["error"]);
      return this.#finish({ failure: reason });
    }
    const result = membersIn(message, "result");
    if (id === ids.initialize) {
      const canLoad = membersIn(result, "agentCapabilities")["loadSession"] === true;
      if (session !== undefined && canLoad) {
        this.#session = session;
        this.#isLoading = true;
        this.#request(ids.session, "session/load", { ...place, sessionId: session });
      } else this.#request(ids.session, "session/new", place);
    } else if (id === ids.session) {
      this.#session = textIn(result, "sessionId") || this.#session;
      await this.#turn.received({ session: this.#session });
      this.#isPrompted = true;
      const text = this.#isLoading ? this.#turn.prompt : this.#turn.wholePrompt;
      this.#request(ids.prompt, "session/prompt", {
        sessionId: this.#session,
        prompt: [{ type: "text", text }],
      });
    } else if (id === ids.prompt) {
      const reason = textIn(result, "stopReason");
      const used = membersIn(membersIn(membersIn(result, "_meta"), "quota"), "token_count");
      const tokens = numberIn(used, "input_tokens") + numberIn(used, "output_tokens");
      await this.#finish({
        turns: 1,
        tokens,
        ...(reason !== "end_turn" && { failure: `it stopped: ${reason}` }),
      });
    }
  }

  async #finish(progress: CodingProgress): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#turn.received(progress);
    this.#turn.over();
  }

  /** Handles an update. A loaded session repeats updates of earlier turns, which are ignored. */
  async #updated(update: Members): Promise<void> {
    if (!this.#isPrompted) return;
    const kind = textIn(update, "sessionUpdate");
    if (kind === "agent_message_chunk") {
      const text = textIn(membersIn(update, "content"), "text");
      if (text !== "") await this.#turn.received({ text });
    } else if (kind === "tool_call") await this.#turn.received({ tool: textIn(update, "title") });
  }

  async #decide(id: unknown, params: Members): Promise<void> {
    const call = membersIn(params, "toolCall");
    const title = textIn(call, "title");
    const isAllowed = await this.#turn.permit({ title, kind: textIn(call, "kind"), input: call["rawInput"] });
    const listed = params["options"];
    const options = Array.isArray(listed) ? listed.filter(isMembers) : [];
    const optionKind = isAllowed ? "allow_once" : "reject_once";
    const option = options.find((each) => textIn(each, "kind") === optionKind);
    const outcome =
      option === undefined
        ? { outcome: "cancelled" }
        : { outcome: "selected", optionId: textIn(option, "optionId") };
    await this.#turn.received({ tool: isAllowed ? title : `refused: ${title}` });
    this.#turn.send({ id, result: { outcome } });
  }

  #request(id: number, method: string, params: Members): void {
    this.#turn.send({ id, method, params });
  }
}

function parsed(line: string): Members | undefined {
  try {
    const value = JSON.parse(line) as unknown;
    return isMembers(value) ? value : undefined;
  } catch {
    // Programs write warnings between their messages.
    return undefined;
  }
}
