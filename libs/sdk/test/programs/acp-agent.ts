/**
 * An agent with the Agent Client Protocol. Its prompt is a list of commands between semicolons, each with a permission.
 * It stops at a refused command, and runs the rest at the next prompt in the same session. With `forgetful` it loads no
 * session.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

interface Message {
  readonly id?: number;
  readonly method?: string;
  // biome-ignore lint/suspicious/noExplicitAny: messages of the protocol
  readonly params?: any;
  // biome-ignore lint/suspicious/noExplicitAny: messages of the protocol
  readonly result?: any;
}

interface Session {
  readonly printed: string[];
  readonly left: string[];
}

const send = (message: object) => console.log(JSON.stringify({ jsonrpc: "2.0", ...message }));
const fileOf = (id: string) => join(tmpdir(), `acp-agent-${id}.json`);
const permissions = new Map<number, (allowed: boolean) => void>();
let calls = 0;

function permitted(title: string): Promise<boolean> {
  const id = ++calls;
  const options = [
    { optionId: "yes", kind: "allow_once" },
    { optionId: "no", kind: "reject_once" },
  ];
  send({
    id,
    method: "session/request_permission",
    params: { toolCall: { title, kind: "execute" }, options },
  });
  return new Promise((resolve) => permissions.set(id, resolve));
}

function chunk(text: string): void {
  const update = { sessionUpdate: "agent_message_chunk", content: { type: "text", text } };
  send({ method: "session/update", params: { update } });
}

async function prompted(id: number, sessionId: string, text: string): Promise<void> {
  if (text === "refuse") return send({ id, result: { stopReason: "refusal" } });
  if (text === "error") return send({ id, error: { code: -32_000, message: "Authentication required" } });
  const file = fileOf(sessionId);
  const { printed, left }: Session = existsSync(file)
    ? JSON.parse(readFileSync(file, "utf8"))
    : { printed: [], left: [] };
  const todo = left.length > 0 ? left : text.split("; ");
  let done = 0;
  for (const [index, command] of todo.entries()) {
    if (!(await permitted(command))) {
      todo.splice(0, index + 1);
      break;
    }
    execFileSync("sh", ["-c", command]);
    done++;
    if (index === todo.length - 1) todo.length = 0;
  }
  const answer = `ran ${done} of ${done + (todo.length > 0 ? 1 : 0)}`;
  const all = [...printed, answer];
  writeFileSync(file, JSON.stringify({ printed: all, left: todo }));
  chunk(all.join(", then "));
  send({ id, result: { stopReason: "end_turn" } });
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id = 0, method, params, result }: Message = JSON.parse(line);
  if (method === undefined) permissions.get(id)?.(result.outcome.optionId === "yes");
  else if (method === "initialize") send({ id, result: { agentCapabilities: { loadSession: true } } });
  else if (method === "session/new") send({ id, result: { sessionId: String(process.pid) } });
  else if (method === "session/load" && process.argv.includes("forgetful"))
    send({ id, error: { code: -32_603, message: "Internal error", data: { details: "No such session" } } });
  else if (method === "session/load") {
    // The protocol requires that the messages of a loaded session are repeated.
    chunk("told before");
    send({ id, result: {} });
  } else if (method === "session/prompt") void prompted(id, params.sessionId, params.prompt[0].text);
});
