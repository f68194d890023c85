/**
 * Finds the instance of an attempt.
 *
 * Any instance: one of the healthy ones by power of two choices. While none is known the call waits a little. An
 * instance that does not own the object of the call names the owner: the call goes there, once. If that one is
 * unreachable or does not own it either, or none is named, the call waits as below, and asks again.
 *
 * Keyed: the owner of the request's place. A stale guess is answered with the owner's name: the call goes there once.
 * After that it waits for a change of the table, and checks the table from time to time, until its deadline. An owner
 * may be in the table before it knows itself, and then there is no notification. An unreachable owner may be dead while
 * its lease still runs: the call waits a while for its successor, and is refused in time with a retry time. Without any
 * process of the service there is no successor: the call waits for a first process as above. A process without updates
 * about owners asks elsewhere.
 */
import {
  type AroundStep,
  backoffMs,
  type Chance,
  type Clock,
  type Counter,
  errorFromUnknown,
  type Metrics,
  notOwnerOf,
  type Owner,
  type Ownership,
  type Place,
  type Timers,
  type TuttiError,
} from "@tutti/kernel";
import type { ClientCall } from "../client/client-call.ts";
import type { Discovery } from "../discovery/discovery.ts";
import { meshErrors } from "../errors.ts";
import { isInstanceFailure } from "../interceptors/breaker.ts";
import { isRepeatable } from "../interceptors/retry.ts";
import { pickByAffinity } from "./affinity.ts";
import { pickTarget } from "./power-of-two.ts";
import type { Target } from "./target.ts";
import type { TargetPool } from "./target-pool.ts";

/** Maximum wait of a keyed call for a change before it calls the owner in the table again. */
const recheckMs = 500;
/** First pause before an unreachable owner is called again. It doubles each time. */
const firstPauseMs = 25;
/** Margin before the deadline, so that a caller gets the reason. */
const answerMs = 100;
/** When a refused caller may retry. */
const retryLaterMs = 1_000;

export interface RouteParts {
  readonly pool: TargetPool;
  readonly discovery: Discovery;
  readonly ownership: Ownership;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly chance: Chance;
  /** Maximum wait of a call for a first instance, or for a successor of an unreachable owner. */
  readonly discoveryMs: number;
  readonly metrics: Metrics;
}

export class Routes {
  readonly #parts: RouteParts;
  readonly #redirected: Counter<"service" | "method">;

  constructor(parts: RouteParts) {
    this.#parts = parts;
    this.#redirected = parts.metrics.counter({
      name: "tutti_mesh_redirects_total",
      help: "Calls redirected to the owner of a partition.",
      labels: ["service", "method"],
    });
  }

  /** Returns whether a known instance was not tried by this call. */
  hasOther({ method, avoid = [] }: ClientCall): boolean {
    const nowMs = this.#parts.clock.monotonic();
    return this.#parts.pool
      .targetsOf(method.service)
      .some((target) => !avoid.includes(target) && target.breaker.admits && !target.isDraining(nowMs));
  }

  /** Waits before a repetition. A change of the owner shortens the wait. */
  async wait(call: ClientCall, delayMs: number): Promise<void> {
    const { place } = call;
    if (place === undefined) await call.pause(this.#parts.timers, delayMs);
    else await this.#ownerChange(call, place, delayMs);
  }

  readonly step: AroundStep<ClientCall, Promise<unknown>> = {
    name: "route",
    scope: "core",
    around: (call, next) => {
      if (call.owner !== undefined) return this.#toNamedOwner(call, next, call.owner);
      if (call.method.rpc.route !== undefined) return this.#toOwner(call, next);
      const target =
        this.#parts.pool.prepare(call.method.service) === undefined ? this.#pick(call) : undefined;
      if (target === undefined) return this.#toAnyLater(call, next);
      call.target = target;
      return this.#toAny(call, next);
    },
  };

  /** Its object may still have one owner, as when the kind is in the request: the called instance knows the owner. */
  #toAny(call: ClientCall, next: Next): Promise<unknown> {
    const reply = next(call);
    const { requestStream, replyStream } = call.method.rpc;
    return requestStream || replyStream ? reply : reply.catch((error) => this.#toNamed(call, next, error));
  }

  /** The caller got the owner from a refusal. If that one does not own it either, the caller gets its refusal. */
  async #toNamedOwner(call: ClientCall, next: Next, owner: Owner): Promise<unknown> {
    const target = await this.#targetOf(call, owner);
    if (!target.breaker.admits) throw shutOff(call, target);
    call.target = target;
    call.ownerEpoch = owner.epoch;
    return next(call);
  }

  /** The called instance does not own it. A named one that does not own it either redirects no further. */
  async #toNamed(call: ClientCall, next: Next, thrown: unknown): Promise<unknown> {
    const waiting = { untilMs: 0, pauses: 0, isLast: false };
    for (let refused = thrown; ; ) {
      const refusal = call.stopped === undefined ? notOwnerOf(errorFromUnknown(refused)) : undefined;
      if (refusal === undefined) throw refused;
      const place = refusal.place as Place;
      let { owner } = refusal;
      for (let isNewOwner = true; isNewOwner; ) {
        const there = owner && (await this.#tryOwner(call, next, owner));
        if (there !== undefined) return there.reply;
        if (!mayWait(call)) throw refused;
        await this.#awaitAnother(call, { place, instance: owner?.instance ?? "" }, waiting);
        const known = this.#parts.ownership.ownerOf(place);
        isNewOwner = known !== undefined && !sameOwner(known, owner);
        owner = known;
      }
      const target = this.#pick(call);
      if (target === undefined) throw refused;
      call.target = target;
      call.ownerEpoch = 0;
      try {
        return await next(call);
      } catch (error) {
        refused = error;
      }
    }
  }

  /** Undefined if it is unreachable, or does not own it: nothing was done. */
  async #tryOwner(
    call: ClientCall,
    next: Next,
    owner: Owner,
  ): Promise<{ readonly reply: unknown } | undefined> {
    const target = await this.#targetOf(call, owner);
    if (!target.breaker.admits) return undefined;
    call.target = target;
    call.ownerEpoch = owner.epoch;
    this.#count(call);
    try {
      return { reply: await next(call) };
    } catch (thrown) {
      const error = call.stopped ?? errorFromUnknown(thrown);
      if (meshErrors.noConnection.is(error) || notOwnerOf(error) !== undefined) return undefined;
      throw error;
    }
  }

  /** Counts a hop that better knowledge would have avoided. */
  #count(call: ClientCall): void {
    const { contract: service, name: method } = call.method;
    this.#redirected.with({ service, method }).add();
  }

  #pick(call: ClientCall): Target | undefined {
    const { pool, clock, chance } = this.#parts;
    const targets = pool.targetsOf(call.method.service);
    const nowMs = clock.monotonic();
    const { instance, affinity, avoid } = call;
    if (instance !== "")
      return targets.find(({ instance: { id }, breaker }) => id === instance && breaker.admits);
    if (affinity !== "") return pickByAffinity(targets, affinity, { nowMs, avoid });
    return pickTarget(targets, { nowMs, chance, avoid, repeatable: isRepeatable(call) });
  }

  async #toAnyLater(call: ClientCall, next: Next): Promise<unknown> {
    const { discovery, timers, clock, discoveryMs } = this.#parts;
    const { service } = call.method;
    await this.#parts.pool.prepare(service);
    const startedMs = clock.monotonic();
    const untilMs = Math.min(startedMs + discoveryMs, answerBefore(call.deadlineMs, startedMs));
    for (;;) {
      const target = this.#pick(call) ?? (await this.#namedRemote(call));
      if (target !== undefined) {
        call.target = target;
        return this.#toAny(call, next);
      }
      const remainingMs = untilMs - clock.monotonic();
      const known = this.#parts.pool.targetsOf(service).length > 0;
      if (known || remainingMs <= 0) throw this.#unreachable(call);
      await call.change(timers, remainingMs, (listener) => discovery.watch(service, listener));
      await this.#parts.pool.prepare(service);
    }
  }

  /** Returns the instance that a call names, if others of its service are nearer. */
  async #namedRemote({ instance, method: { service } }: ClientCall): Promise<Target | undefined> {
    if (instance === "") return undefined;
    const { discovery, pool } = this.#parts;
    const known = discovery.everyInstanceOf?.(service).find(({ id }) => id === instance);
    if (known === undefined) return undefined;
    const target = pool.find(service, known.id, known.address) ?? (await pool.adopt(known));
    return target.breaker.admits ? target : undefined;
  }

  /** Returns why no instance can be called. */
  #unreachable(call: ClientCall): TuttiError {
    const { service } = call.method;
    const { instance } = call;
    const targets = this.#parts.pool.targetsOf(service);
    if (targets.length === 0) return meshErrors.noInstance({ service });
    if (instance !== "") return meshErrors.instanceAway({ service, instance });
    const nowMs = this.#parts.clock.monotonic();
    const draining = targets.filter((target) => target.isDraining(nowMs)).length;
    const reason = targets.find(({ breaker }) => !breaker.admits)?.breaker.reason ?? "";
    return meshErrors.noUsableInstance({ service, open: targets.length - draining, draining, reason });
  }

  /** Returns whether no process of the service is known. */
  #isAway({ method: { service } }: ClientCall): boolean {
    return this.#parts.discovery.instancesOf(service).length === 0;
  }

  async #toOwner(call: ClientCall, next: Next): Promise<unknown> {
    const { ownership } = this.#parts;
    const place = call.place ?? (await this.#placeOf(call));
    call.place = place;
    const waiting = { untilMs: 0, pauses: 0, isLast: false };
    for (;;) {
      const { named } = call;
      const owner = named ?? ownership.ownerOf(place) ?? (await this.#awaitOwner(call, place));
      call.named = undefined;
      const target = await this.#targetOf(call, owner);
      // The owner is the only target, so the state of other instances of its service does not matter.
      if (!target.breaker.admits) {
        ownership.reportFault(place, owner);
        if (!mayWait(call)) throw shutOff(call, target);
        await this.#awaitAnother(call, { place, instance: owner.instance }, waiting);
        continue;
      }
      call.target = target;
      // Without an id the called process chooses the object. The epoch of another place would make it wait for a change of
      // owner that never comes.
      call.ownerEpoch = call.hasId || named !== undefined ? owner.epoch : 0;
      try {
        return await next(call);
      } catch (thrown) {
        const error = call.stopped ?? errorFromUnknown(thrown);
        if (isInstanceFailure(error)) ownership.reportFault(place, owner);
        if (meshErrors.noConnection.is(error) && mayWait(call)) {
          await this.#awaitAnother(call, { place, instance: owner.instance }, waiting);
        } else if (this.#redirects(call, error, place, owner)) {
          this.#count(call);
        } else {
          await this.#ownerChange(call, place, recheckMs);
        }
      }
    }
  }

  /** Returns whether to continue at once after an error. Throws the error if it is not about ownership. */
  #redirects(call: ClientCall, error: TuttiError, place: Place, called: Owner): boolean {
    const refusal = notOwnerOf(error);
    if (refusal === undefined || call.stopped !== undefined) throw error;
    if (call.method.rpc.requestStream && !call.requests.replayable) throw error;
    const { ownership } = this.#parts;
    // It names the place differently: the servers define the number of partitions. Its answer is used for this call
    // only.
    if (refusal.owner !== undefined && refusal.place !== place) {
      call.named = refusal.owner;
      // If it is named once more, the call pauses first: it may not know yet that it owns it.
      return call.redirects++ === 0;
    }
    // The table may have changed during the call: then it is newer than the refusal.
    if (!sameOwner(ownership.ownerOf(place), called)) return true;
    if (refusal.owner !== undefined && refusal.place === place) ownership.learn(place, refusal.owner);
    call.redirects++;
    return call.redirects === 1 && !sameOwner(ownership.ownerOf(place), called);
  }

  /**
   * Waits until the table changes, or until an unreachable instance may be retried. Throws if that has lasted too long.
   */
  async #awaitAnother(
    call: ClientCall,
    { place, instance }: { readonly place: Place; readonly instance: string },
    waiting: Waiting,
  ): Promise<void> {
    const { clock, chance, discoveryMs } = this.#parts;
    const nowMs = clock.monotonic();
    if (waiting.pauses === 0) waiting.untilMs = Math.min(nowMs + discoveryMs, call.deadlineMs - answerMs);
    const remainingMs = waiting.untilMs - nowMs;
    if (waiting.isLast || remainingMs <= 0) {
      if (this.#isAway(call)) throw meshErrors.noInstance({ service: call.method.service });
      const parameters = { place, rpc: call.method.label, instance };
      throw meshErrors.ownerAway(parameters, { retryAfterMs: retryLaterMs });
    }
    const backoff = { firstMs: firstPauseMs, maxMs: recheckMs };
    const pauseMs = backoffMs(backoff, ++waiting.pauses, chance);
    waiting.isLast = pauseMs >= remainingMs;
    await this.#ownerChange(call, place, Math.min(pauseMs, remainingMs));
  }

  async #awaitOwner(call: ClientCall, place: Place): Promise<Owner> {
    const { ownership, clock, discoveryMs } = this.#parts;
    const untilMs = answerBefore(call.deadlineMs, clock.monotonic());
    for (;;) {
      const remainingMs = untilMs - clock.monotonic();
      const hasChanged = await this.#ownerChange(call, place, Math.min(remainingMs, discoveryMs));
      const owner = ownership.ownerOf(place);
      if (owner !== undefined) return owner;
      if (hasChanged) continue;
      if (this.#isAway(call)) throw meshErrors.noInstance({ service: call.method.service });
      if (remainingMs <= discoveryMs) throw meshErrors.noOwner({ place, rpc: call.method.label });
    }
  }

  #ownerChange(call: ClientCall, place: Place, timeoutMs: number): Promise<boolean> {
    const { ownership, timers } = this.#parts;
    return call.change(timers, timeoutMs, (listener) => {
      const controller = new AbortController();
      ownership.changed(place, controller.signal).then(listener, () => {});
      return () => controller.abort();
    });
  }

  async #targetOf(call: ClientCall, owner: Owner): Promise<Target> {
    const { pool } = this.#parts;
    const { service } = call.method;
    await pool.prepare(service);
    const { instance: id, address } = owner;
    return pool.find(service, id, address) ?? pool.adopt({ id, service, address, draining: false });
  }

  async #placeOf(call: ClientCall): Promise<Place> {
    const { rpc, service } = call.method;
    const request = rpc.requestStream ? await call.requests.first() : call.input;
    const namespace = (request === undefined ? undefined : rpc.namespaceOf(request)) ?? call.namespace;
    const kind = rpc.route?.kind ?? "";
    const id = request === undefined ? "" : (rpc.route?.idOf(request) ?? "");
    call.hasId = id !== "";
    return this.#parts.ownership.placeOf({ service, namespace, kind, id });
  }
}

type Next = (call: ClientCall) => Promise<unknown>;

/** State of a wait for an unreachable owner. */
interface Waiting {
  untilMs: number;
  pauses: number;
  /** No instance is called again after the next attempt. */
  isLast: boolean;
}

/**
 * Returns whether the call may wait. A caller without a deadline retries by itself, and sent requests of a stream
 * cannot be sent again.
 */
function mayWait(call: ClientCall): boolean {
  if (call.stopped !== undefined || call.deadlineMs === Number.POSITIVE_INFINITY) return false;
  return !call.method.rpc.requestStream || call.requests.replayable;
}

/** Returns when a waiting call is refused, so that its caller gets the reason. */
function answerBefore(deadlineMs: number, nowMs: number): number {
  return deadlineMs - Math.min(answerMs, (deadlineMs - nowMs) / 2);
}

function sameOwner(one: Owner | undefined, other: Owner | undefined): boolean {
  return one?.instance === other?.instance && one?.epoch === other?.epoch;
}

/** Returns the error if the only possible instance has an open breaker. */
function shutOff({ method: { service } }: ClientCall, { breaker }: Target): TuttiError {
  return meshErrors.noUsableInstance({ service, open: 1, draining: 0, reason: breaker.reason });
}
