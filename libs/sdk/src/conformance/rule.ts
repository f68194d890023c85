import type { TransportName } from "./endpoints/endpoint.ts";
import type { Stage } from "./stage.ts";

/** One rule of the link between agents and their host, and the test that shows whether a worker keeps it. */
export interface Rule {
  readonly id: string;
  /** The rule, as a sentence. */
  readonly rule: string;
  /** How to fix a worker that breaks the rule, if the finding does not state it. */
  readonly remedy: string;
  /** Transports over which it is played. Default: all. */
  readonly transports?: readonly TransportName[];
  play(stage: Stage): Promise<void>;
}
