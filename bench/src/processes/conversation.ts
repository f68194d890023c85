/** Processes that answer questions while they run, such as to measure for a while or to report their usage. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type Child, childEnvironment, workspace } from "./child.ts";

export interface Conversation<Question, Answer> extends Child {
  /** Asks one question at a time. Rejects if the process ends before its answer. */
  request(question: Question): Promise<Answer>;
}

/** Starts a program that serves questions. Resolves when the program has sent its greeting. */
export async function startConversation<Question extends object, Answer, Greeting>(
  parameters: readonly string[],
): Promise<Conversation<Question, Answer> & { readonly greeting: Greeting }> {
  const child = spawn(process.execPath, parameters, {
    cwd: workspace,
    env: childEnvironment(),
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const end = () => void child.kill("SIGKILL");
  process.once("exit", end);
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(`a process of the bench ended with ${code ?? signal} before it had answered`);
  });
  // Only the caller gets the error. Between questions there is no caller.
  ended.catch(() => {});
  const next = async () => (await Promise.race([once(child, "message"), ended]))[0];
  return {
    pid: child.pid ?? 0,
    greeting: await next(),
    request: (question) => {
      const answer = next();
      child.send(question);
      return answer;
    },
    [Symbol.asyncDispose]: async () => {
      process.off("exit", end);
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      await ended.catch(() => {});
    },
  };
}

/** Serves questions in the program: sends a greeting, and answers until the caller has ended. */
export function serveQuestions<Question>(
  greeting: object,
  answer: (question: Question) => Promise<object> | object,
): void {
  process.on("message", async (question: Question) => process.send?.(await answer(question)));
  process.once("disconnect", () => process.exit(0));
  process.send?.(greeting);
}
