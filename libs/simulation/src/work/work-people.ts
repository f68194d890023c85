/** Runs the actions of agents and people: periodically during faults, then until all has ended. */
import { specOf } from "@tutti/machine-mission/testing";
import type { World } from "../world/world.ts";
import { Actor, type SendRequest } from "./actors.ts";
import type { MissionCheck } from "./mission-check.ts";
import { People } from "./people.ts";
import type { WorkPlan } from "./work-plan.ts";

export interface WorkPeopleParts {
  readonly world: World;
  readonly plan: WorkPlan;
  readonly request: SendRequest;
  readonly open: () => readonly MissionCheck[];
}

const minuteMs = 60_000;
const faultFreePaceMs = 300;
const attendMs = 700;
/** An agent with this many open requests waits for an answer. */
const unansweredMax = 3;

export class WorkPeople {
  readonly #parts: WorkPeopleParts;
  readonly #people: People;
  /** Open requests of people: they do not repeat a pending request. */
  readonly #pending = new Set<string>();
  #isFaultFree = false;

  constructor(parts: WorkPeopleParts) {
    this.#parts = parts;
    const request: SendRequest = (mission, command, body, answered) => {
      const name = `${mission} ${command} ${JSON.stringify(body)}`;
      if (this.#pending.has(name)) return;
      this.#pending.add(name);
      parts.request(mission, command, body, answered, () => this.#pending.delete(name));
    };
    this.#people = new People(request, parts.world.chanceFor("people"));
  }

  start(): void {
    const { plan, world } = this.#parts;
    const { agents, busyMs } = plan.pool;
    for (const [index, planned] of plan.actors.entries()) this.#runActor(planned, agents[index]?.does ?? []);
    const count = Math.round((plan.peoplePerMinute * busyMs) / minuteMs);
    const chance = world.chanceFor("people's moments");
    for (let planted = 0; planted < count; planted++)
      world.at(chance.random() * busyMs, () => {
        const open = this.#parts.open();
        const mission = open[Math.floor(chance.random() * open.length)];
        if (mission !== undefined) this.#people.intervene(mission);
      });
  }

  settleDown(): void {
    this.#isFaultFree = true;
    this.#attend();
  }

  /** Handles questions as a person, until none waits. */
  #attend(): void {
    const { world, open } = this.#parts;
    for (const mission of open()) {
      const isWaiting = this.#people.attend(mission);
      if (!isWaiting && specOf(mission.state).stopConditions.length > 0) this.#people.stop(mission);
    }
    world.after(attendMs, () => this.#attend());
  }

  #runActor(plan: WorkPlan["actors"][number], does: readonly string[]): void {
    const { world, request, open } = this.#parts;
    const chance = world.chanceFor(plan.id);
    let life = 0;
    let unanswered = 0;
    const ofThisLife: SendRequest = (mission, command, body, answered) => {
      const mine = life;
      unanswered++;
      const onReply: typeof answered = (reply) => {
        if (mine === life) answered(reply);
      };
      request(mission, command, body, onReply, () => {
        unanswered--;
      });
    };
    const actor = new Actor({ plan, does, chance, request: ofThisLife, open });
    const rest = (): number =>
      this.#isFaultFree
        ? faultFreePaceMs * (0.5 + chance.random())
        : plan.paceMs * (0.2 + 1.6 * chance.random());
    const step = (): void => {
      if (unanswered < unansweredMax) actor.act(this.#isFaultFree);
      const dies = !this.#isFaultFree && plan.deadMs > 0 && chance.random() < 0.04;
      if (dies) {
        life++;
        actor.loseMemory();
      }
      world.after(rest() + (dies ? plan.deadMs * chance.random() : 0), step);
    };
    world.after(rest(), step);
  }
}
