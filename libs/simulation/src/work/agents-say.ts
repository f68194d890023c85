/** What agents of the pool say at the end of an attempt: who it was is in it, so that it is known again where it arrives. */
import type { Assign } from "@tutti/contracts/agent/v1";
import { ErrorDetail } from "@tutti/contracts/types/v1";
import type { Chance } from "@tutti/kernel";
import type { AgentAnswer } from "../pools/simulated-agent.ts";
import { keyOf } from "../pools/tokens.ts";

export class AgentsSay {
  /** The reported outcome of each attempt, by any agent. */
  readonly answers = new Map<string, AgentAnswer>();
  readonly #chance: Chance;
  readonly #failures: number;
  isCalm = false;

  constructor(chance: Chance, failures: number) {
    this.#chance = chance;
    this.#failures = failures;
  }

  answerTo({ token }: Assign): AgentAnswer {
    const by = keyOf(token);
    const answer = this.answers.get(by) ?? this.#answer(by);
    this.answers.set(by, answer);
    return answer;
  }

  #answer(by: string): AgentAnswer {
    const random = this.#chance.random();
    const used = { tokens: Math.floor(this.#chance.random() * 4), money: 0, timeMs: 0 };
    if (!this.isCalm && random < this.#failures) {
      const value = ErrorDetail.fromPartial({ code: "work.broken", message: by });
      return { outcome: { $case: "failed", value }, used };
    }
    const value = new TextEncoder().encode(JSON.stringify({ luck: random, by }));
    return { outcome: { $case: "inlineOutput", value }, used };
  }
}

/** Who made an output or an error. Undefined for none of them. */
export function madeBy(output: Uint8Array | undefined, message: string | undefined): string | undefined {
  if (message !== undefined && /^[0-9a-f]{32}$/.test(message)) return message;
  if (output === undefined || output.length === 0) return undefined;
  return /^\{"luck":[^{]*,"by":"([0-9a-f]{32})"\}$/.exec(Buffer.from(output).toString())?.[1];
}
