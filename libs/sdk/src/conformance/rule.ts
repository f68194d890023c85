import type { TransportName } from "./doors/door.ts";
import type { Stage } from "./stage.ts";

/** One rule of the link between agents and their host, and how a worker is led to show that it keeps it. */
export interface Rule {
  readonly id: string;
  /** The rule, as a sentence. */
  readonly rule: string;
  /** What to do about a worker that breaks it, where the finding itself does not say. */
  readonly remedy: string;
  /** Over which transports it is played. Over all unless given. */
  readonly transports?: readonly TransportName[];
  play(stage: Stage): Promise<void>;
}
