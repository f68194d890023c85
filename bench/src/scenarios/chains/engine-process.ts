/** Serves questions about the address and the usage of a process with an engine. */
import { serveQuestions } from "../../processes/conversation.ts";

export interface EngineGreeting {
  readonly address: string;
  /** The credential of a client. Empty if not needed. */
  readonly key: string;
}

export interface EngineUsage {
  readonly mainUs: number;
}

export function serveEngine(address: string, key = ""): void {
  const greeting: EngineGreeting = { address, key };
  serveQuestions(greeting, (): EngineUsage => {
    const { user, system } = process.threadCpuUsage();
    return { mainUs: user + system };
  });
}
