/** The cost of hooks: `node test/programs/hooks.ts` in the package. Processor time per task. */
import { Hook, HookMoment } from "@tutti/contracts/swarm/v1";
import { compileHook, type PoolHook } from "../../src/index.ts";
import { Arena } from "../../src/testing/arena.ts";

const tasks = 100_000;
const batch = 1_000;

function hooksOf(count: number): PoolHook[] {
  return Array.from({ length: count }, (_, at) => {
    const { hook } = compileHook(
      Hook.fromPartial({
        hookId: `hook-${at}`,
        moment: HookMoment.HOOK_MOMENT_BEFORE_ASSIGN,
        when: 'task.attempt > 1 || task.capability.startsWith("other")',
        action: { $case: "rule", value: { verdict: { priority: "task.priority + 10" } } },
      }),
    );
    if (hook === undefined) throw new Error("the hook does not compile");
    return hook;
  });
}

function measure(count: number): number {
  const arena = new Arena({ window: 1_000_000 });
  if (count > 0) arena.pool.setHooks(hooksOf(count), { send() {} });
  const sender = arena.sender();
  arena.agent("a", { slots: 100_000, credit: 1_000_000 });
  const before = process.threadCpuUsage();
  for (let from = 0; from < tasks; from += batch) {
    sender.offer(Array.from({ length: batch }, (_, at) => from + at + 1));
    arena.turn();
  }
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / tasks;
}

for (const count of [0, 0, 1, 5])
  process.stdout.write(`${count} rules: ${measure(count).toFixed(2)} µs per task\n`);
