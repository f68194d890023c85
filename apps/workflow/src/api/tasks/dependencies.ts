import type { sessionService } from "@tutti/contracts/session/v1";
import type { missionService } from "@tutti/contracts/swarm/v1";
import type { taskService } from "@tutti/contracts/workflow/v1";
import type { MachineDependencies } from "@tutti/host/serving";
import type { Foundation } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import type { OutputBuffer } from "@tutti/offers";

/** The dependencies of the handlers of tasks. */
export interface TaskDependencies extends MachineDependencies {
  readonly outputs: OutputBuffer;
  /** Children and questions to people may be anywhere. */
  readonly tasks: Pick<Client<typeof taskService>, "getTimeline" | "listApprovals">;
  readonly missions: Pick<Client<typeof missionService>, "listMissions">;
  readonly sessions: Pick<Client<typeof sessionService>, "listSessions">;
  readonly foundation: Pick<Foundation, "clock" | "timers">;
}
