/** All that sessions are made of in this service: what they want done, and who answers about them. */
import { registryService } from "@tutti/contracts/registry/v1";
import { lockService, sessionService } from "@tutti/contracts/session/v1";
import { agentService, boardService, missionService } from "@tutti/contracts/swarm/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { definitionService, runService, taskService } from "@tutti/contracts/workflow/v1";
import type { HostContext, ServiceStorage } from "@tutti/host";
import { Errands, WatchMemory } from "@tutti/host/serving";
import type { InstanceKey, Orchestrator } from "@tutti/kernel";
import { kindOfWork, type PartWork, session } from "@tutti/machine-session";
import type { Witness } from "@tutti/runtime";
import { sessionHandlers } from "../api/sessions/handlers.ts";
import { Balancing } from "../effects/sessions/balancing.ts";
import { Choosing } from "../effects/sessions/choosing.ts";
import { Fleet } from "../effects/sessions/fleet.ts";
import { Following } from "../effects/sessions/following.ts";
import { Learned } from "../effects/sessions/learned.ts";
import { Locking } from "../effects/sessions/locking.ts";
import { Loops } from "../effects/sessions/loops.ts";
import { MissionSubstrate } from "../effects/sessions/mission-substrate.ts";
import { News } from "../effects/sessions/news.ts";
import { Planning } from "../effects/sessions/planning.ts";
import { RunSubstrate } from "../effects/sessions/run-substrate.ts";
import { SessionEffects } from "../effects/sessions/session-effects.ts";
import { SessionTeller } from "../effects/sessions/teller.ts";
import { WaitingForOthers } from "../effects/sessions/waiting-for-others.ts";
import { SessionNews } from "../news/session-news.ts";

export interface SessionHosting {
  /** What sessions want done; nothing is asked for before `begin`. */
  readonly effects: SessionEffects;
  /** Hears what happens to sessions. */
  readonly witness: Witness;
  /** Everything else, with what the machines of the service run on. */
  begin(storage: Pick<ServiceStorage, "runtime" | "archive">): void;
}

export const sessionMachines = [session];

/** @param service registers the parts, in start order. */
export function hostSessions(
  service: Pick<Orchestrator, "name" | "register">,
  host: HostContext,
): SessionHosting {
  const { mesh, foundation, steward, ids } = host;
  const news = service.register("session-news", new SessionNews(host), { critical: false });
  const effects = new SessionEffects();
  return {
    effects,
    witness: news,
    begin({ runtime, archive }) {
      news.begin(runtime);
      const actor = { kind: ActorKind.ACTOR_KIND_SERVICE, id: service.name };
      const cause = { actor, traceparent: "", decision: "", reason: "" };
      const teller = new SessionTeller(runtime, cause);
      const errands = service.register("session-errands", new Errands({ runtime, foundation, cause }));
      const loops = service.register("session-loops", new Loops(foundation));
      const [runs, missions] = [mesh.client(runService), mesh.client(missionService)];
      const [agents, sessions] = [
        mesh.client(agentService),
        mesh.client(sessionService, { service: service.name }),
      ];
      const asRun = new RunSubstrate({ runs, tasks: mesh.client(taskService) });
      const asMission = new MissionSubstrate({ missions, board: mesh.client(boardService) });
      const substrateOf = ({ mode }: PartWork) => (kindOfWork(mode) === "run" ? asRun : asMission);
      const fleet = new Fleet({ agents, clock: foundation.clock });
      const learned = new Learned();
      const wakes = new News(foundation.timers);
      const balancing = service.register(
        "session-balancing",
        new Balancing({ teller, fleet, learned, foundation }),
        { critical: false },
      );
      const onNews = (key: InstanceKey): void => {
        wakes.tell(key);
        // What cannot be learned now is learned with the next news.
        teller.view(key).then(
          (view) => {
            learned.learn(key, view);
            balancing.look(key, view);
          },
          () => {},
        );
      };
      const common = { loops, teller, foundation };
      effects.begin({
        ...{ errands, loops, teller, substrateOf },
        following: new Following({ ...common, substrateOf, onNews }),
        planning: new Planning({ ...common, fleet, learned, news: wakes }),
        choosing: new Choosing({ errands, teller, fleet, learned }),
        locking: new Locking({ ...common, locks: mesh.client(lockService, { service: service.name }) }),
        others: new WaitingForOthers({ ...common, sessions }),
      });
      const desk = {
        ...{ runtime, archive, steward, foundation, ids, agents, runs, missions, sessions },
        ...{ registry: mesh.client(registryService), definitions: mesh.client(definitionService) },
        watches: new WatchMemory(foundation.clock, ids),
      };
      mesh.serve(sessionService, sessionHandlers(desk), { service: service.name });
    },
  };
}
