/** A pool as its senders see it: the receivers of their offers and orders, and the connected senders. */
import type { PoolIdentity } from "../api/pool.ts";
import type { Outbox } from "../outbox.ts";
import type { LiveSettings } from "../settings.ts";
import type { Outcomes } from "../task/outcomes.ts";
import type { SenderOrders } from "../task/sender-orders.ts";
import type { Task } from "../task/task.ts";
import type { TaskOffers } from "../task/task-offers.ts";
import type { Tasks } from "../task/tasks.ts";
import type { Waiting } from "../task/waiting.ts";
import type { Profiles } from "./profile.ts";
import type { SenderSlot, SendersPool } from "./sender-slot.ts";

/** The parts of a pool that streams of senders use. */
interface PoolSendersParts {
  readonly identity: PoolIdentity;
  readonly settings: LiveSettings;
  readonly outbox: Outbox;
  readonly profiles: Profiles;
  readonly tasks: Tasks;
  readonly waiting: Waiting;
  readonly offers: TaskOffers;
  readonly orders: SenderOrders;
  readonly outcomes: Outcomes;
}

export class PoolSenders implements SendersPool, PoolSendersParts {
  readonly identity: PoolIdentity;
  readonly settings: LiveSettings;
  readonly outbox: Outbox;
  readonly profiles: Profiles;
  readonly tasks: Tasks;
  readonly waiting: Waiting;
  readonly offers: TaskOffers;
  readonly orders: SenderOrders;
  readonly outcomes: Outcomes;
  readonly slots = new Set<SenderSlot<Task>>();

  constructor(parts: PoolSendersParts) {
    this.identity = parts.identity;
    this.settings = parts.settings;
    this.outbox = parts.outbox;
    this.profiles = parts.profiles;
    this.tasks = parts.tasks;
    this.waiting = parts.waiting;
    this.offers = parts.offers;
    this.orders = parts.orders;
    this.outcomes = parts.outcomes;
  }
}
