/**
 * Publishes the state of this process's services and components, changed settings, and the instances that calls avoid.
 */
import { type Bus, contractEvent, EventOutlet } from "@tutti/bus";
import { meshEvents } from "@tutti/contracts/events/v1/mesh";
import { platformEvents } from "@tutti/contracts/events/v1/platform";
import {
  type Component,
  type Configuration,
  type Foundation,
  type Health,
  type Orchestrator,
  toErrorDetail,
  toTimestamp,
} from "@tutti/kernel";
import type { Mesh } from "@tutti/mesh";

const source = "/tutti/platform";
const keysMax = 100;

export class PlatformEvents implements Component {
  readonly #outlet: EventOutlet;
  readonly #clock: Foundation["clock"];
  readonly #instance: string;
  readonly #stops: (() => void)[] = [];
  #last = 0;

  /** @param instance id of the process */
  constructor(bus: Pick<Bus, "publish">, foundation: Foundation, instance: string) {
    this.#outlet = new EventOutlet(bus, foundation);
    this.#clock = foundation.clock;
    this.#instance = instance;
  }

  /** Follows a service from now on. */
  follow(name: string, service: Orchestrator): void {
    service.on("stateChanged", ({ to }) => {
      // The state before the first needs no event.
      if (to.state === "created") return;
      const type = `tutti.platform.service.${to.state}` as const;
      const error = to.state === "failed" ? toErrorDetail(to.reason) : undefined;
      const payload = { ...this.#payload(name), service: name, error };
      this.#outlet.publish(contractEvent(platformEvents[type], payload, { source }));
    });
    const broken = new Set<string>();
    service.on("componentHealthChanged", ({ component, to }) => {
      // During the start or stop of a service its components do not work. That is no event.
      if (service.lifecycle.state !== "ready" || broken.has(component) === isBroken(to)) return;
      if (isBroken(to)) broken.add(component);
      else broken.delete(component);
      const type = `tutti.platform.component.${isBroken(to) ? "broken" : "recovered"}` as const;
      const payload = { ...this.#payload(name), service: name, component, reason: to.reason };
      this.#outlet.publish(contractEvent(platformEvents[type], payload, { source }));
    });
  }

  followSettings(configuration: Pick<Configuration, "onAnyChange">): void {
    const stop = configuration.onAnyChange((changed) => {
      const payload = { ...this.#payload(this.#instance), keys: changed.slice(0, keysMax) };
      const type = platformEvents["tutti.platform.configuration.changed"];
      this.#outlet.publish(contractEvent(type, payload, { source }));
    });
    this.#stops.push(stop);
  }

  followBreakers(mesh: Pick<Mesh, "clients">): void {
    mesh.clients.pool.onBreaker(({ service, id }, state) => {
      if (state === "half-open") return;
      const type = `tutti.mesh.breaker.${state === "open" ? "opened" : "closed"}` as const;
      const reason = state === "open" ? "too many calls failed" : "calls succeed again";
      const { header } = this.#payload(id);
      const payload = { header, service, instance: id, caller: this.#instance, reason };
      this.#outlet.publish(contractEvent(meshEvents[type], payload, { source }));
    });
  }

  drain(signal: AbortSignal): Promise<void> {
    return this.#outlet.drain(signal);
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops) stop();
    await this.#outlet.stop();
  }

  health(): Health {
    return this.#outlet.health();
  }

  /** Numbered by the time, so that a restart continues. */
  #payload(resource: string) {
    const nowMs = this.#clock.now();
    this.#last = Math.max(this.#last + 1, Math.floor(nowMs * 1_000));
    const sequence = this.#last;
    const header = { namespace: "", resource, sequence, time: toTimestamp(nowMs), cause: undefined };
    return { header, instance: this.#instance };
  }
}

function isBroken({ level }: Health): boolean {
  return level === "unhealthy";
}
