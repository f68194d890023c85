/** The functions whose histories are in `histories/`. `sdk/python/tests/history_functions.py` has the same in Python. */
import { TaskFailure } from "../task/failure.ts";
import type { FunctionContext } from "./context.ts";
import { type DurableFunction, durable } from "./durable.ts";
import { object, reader } from "./object.ts";

interface Order {
  readonly total: number;
}

export const effects: string[] = [];

function effect<T>(name: string, value: T): T {
  effects.push(name);
  return value;
}

const order = durable("order", async (ctx, { total }: Order) => {
  const stock = await ctx.run("reserve", () => ({ items: total }));
  const approval = await ctx.signal<{ yes: boolean }>("approved", { within: "2d" });
  if (!approval.yes) return { status: "rejected" };
  const [paid, label] = await ctx.all([
    ctx.call("pay.charge", { total }, { retry: 2, timeout: "30s" }),
    ctx.call("ship.label", stock),
  ]);
  return { status: "shipped", paid, label };
});

/** Awaits of every kind. */
const ten = durable("ten", async (ctx) => {
  const a = await ctx.run("a", () => effect("a", 1));
  await ctx.sleep("1s");
  const b = await ctx.call<number>("test.b", { a });
  const [c, d] = await ctx.all([ctx.run("c", () => effect("c", 3)), ctx.call<number>("test.d", 4)]);
  ctx.state.set("phase", "middle");
  for (let round = 0; round < 3; round++) await ctx.run("round", () => effect(`round ${round}`, round));
  const signal = await ctx.signal("go");
  await ctx.until(new Date(ctx.now().getTime() + 1_000));
  return { a, b, c, d, signal, phase: ctx.state.get("phase"), key: ctx.uuid() };
});

async function branch(ctx: FunctionContext, name: string) {
  const first = await ctx.call("test.first", name);
  const second = await ctx.run("second", () => effect(`${name} 2`, `${name} 2`));
  const third = await ctx.call("test.third", second);
  return [first, second, third];
}

const branches = durable("branches", (ctx) => ctx.all([branch(ctx, "left"), branch(ctx, "right")]));

const flaky = durable("flaky", async (ctx, { failures }: { readonly failures: number }) => {
  let tries = 0;
  const load = () => {
    tries += 1;
    if (tries > failures) return tries;
    throw new TaskFailure("test.flaky", `not yet, ${tries}`, { retryAfterMs: tries === 2 ? 90_000 : 0 });
  };
  const loaded = await ctx.run("load it", load, { retry: { attempts: 3, backoff: "10s..1m" } });
  return { loaded, random: ctx.random() };
});

const final = durable("final", (ctx) =>
  ctx.run("load", () => Promise.reject(new TaskFailure("test.gone", "gone", { final: true }))),
);

const saga = durable("saga", async (ctx) => {
  await ctx.run("book", () => 1);
  ctx.compensate("unbook", () => void effect("unbook", null));
  await ctx.call("test.pay");
  ctx.compensate("refund", () => void effect("refund", null));
  try {
    await ctx.call("test.ship");
  } finally {
    await ctx.run("clean", () => effect("clean", "clean"));
  }
});

const race = durable("race", async (ctx) => {
  const late = async () => {
    await ctx.sleep("1h");
    return "late";
  };
  const first = await ctx.race([ctx.signal("go"), late()]);
  const succeeded = await ctx.any([ctx.call("test.a"), ctx.call("test.b")]).catch(() => "none");
  return { first, succeeded };
});

const draws = durable("draws", async (ctx) => {
  const before = [ctx.uuid(), ctx.random(), ctx.now().getTime()];
  await ctx.sleep("1s");
  return [...before, ctx.uuid(), ctx.random(), ctx.now().getTime()];
});

const long = durable("long", async (ctx, { rounds }: { readonly rounds: number }) => {
  let sum = 0;
  for (let round = 0; round < rounds; round++) sum += await ctx.run("round", () => 1);
  return sum;
});

const wide = durable("wide", async (ctx) => {
  let length = 0;
  for (let round = 0; round < 4; round++) length += (await ctx.run("wide", () => "x".repeat(100_000))).length;
  return length;
});

const confirmed = durable("confirmed", async (ctx) => {
  await ctx.run("first", () => 1, { confirm: true });
  return ctx.run("second", () => 2);
});

const changing = durable("changing", async (ctx) => {
  const isNew = ctx.version("in-parts");
  const parts = isNew
    ? await ctx.all([ctx.run("east", () => 1), ctx.run("west", () => 2)])
    : [await ctx.run("whole", () => 3)];
  await ctx.sleep("1h");
  return { isNew, again: ctx.version("in-parts"), parts };
});

const changingLater = durable("changing-later", async (ctx) => {
  await ctx.sleep("1h");
  if (ctx.version("more")) await ctx.run("more", () => 1);
  await ctx.sleep("2h");
  return ctx.version("more");
});

const cart = object("cart", {
  async add(ctx, item: string) {
    const items = ctx.state.get<string[]>("items") ?? [];
    await ctx.run("check", () => effect(`check ${item}`, item));
    ctx.state.set("items", [...items, item]);
    const other = await ctx.object("stock", item)["take"]?.(1);
    ctx.state.set("note", undefined);
    return { key: ctx.key, count: items.length + 1, other, note: ctx.state.get("note") ?? null };
  },
  show: reader((ctx) => ctx.state.get("items") ?? []),
  write: reader((ctx) => ctx.state.set("items", [])),
  again: (ctx) => ctx.object("cart", ctx.key)["show"]?.() ?? null,
});

const emits = durable("emits", async (ctx) => {
  await ctx.emit("shop.order.paid", { order: 7 }, { subject: "order-7" });
  await ctx.emit("shop.order.paid");
  return "emitted";
});

const people = durable("people", async (ctx) => {
  const decision = await ctx.approve({ title: "Send?", by: ["ops"], needed: 2, within: "1d" });
  const child = await ctx.child("order@2", { total: 1 }, { id: "small order", timeout: "1h" });
  const paid = await ctx.event("shop.order.paid", { if: "event.data.order == 7", within: "2d" });
  return { decision, child, paid: paid.data };
});

/** A loop that continues as a new run after three steps. */
const loops = durable("loops", (ctx, { rounds }: { readonly rounds: number }) =>
  ctx.loop(
    { round: 1, sum: 0 },
    async ({ round, sum }) => {
      const more = await ctx.run("count", () => effect(`round ${round}`, round));
      await ctx.call("test.wait", round);
      if (round === rounds) return ctx.done(sum + more);
      ctx.state.set("last", round);
      return { round: round + 1, sum: sum + more };
    },
    { steps: 3 },
  ),
);

const all: Readonly<Record<string, unknown>> = {
  order,
  ten,
  branches,
  flaky,
  final,
  saga,
  race,
  draws,
  long,
  wide,
  confirmed,
  changing,
  "changing-later": changingLater,
  people,
  emits,
  cart,
  loops,
};

export function functionOf(name: string): DurableFunction {
  const found = all[name];
  if (found === undefined) throw new Error(`no function ${name}`);
  return found as DurableFunction;
}
