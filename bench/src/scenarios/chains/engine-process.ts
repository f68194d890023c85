/** What a process with an engine says of itself: where it is, and how much time its main thread has used. */
import { serveQuestions } from "../../processes/conversation.ts";

export interface EngineGreeting {
  readonly address: string;
}

export interface EngineUsage {
  readonly mainUs: number;
}

export function serveEngine(address: string): void {
  const greeting: EngineGreeting = { address };
  serveQuestions(greeting, (): EngineUsage => {
    const { user, system } = process.threadCpuUsage();
    return { mainUs: user + system };
  });
}
