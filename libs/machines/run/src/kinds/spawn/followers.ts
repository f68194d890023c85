/** Added tasks that follow earlier nodes, computed from the plans of the additions. */
import { addFollowers, type Follower, type Range, type Run } from "../../core/state/state.ts";

/** Returns them by the node that they follow. */
export function followersOf(range: Range, outside: readonly number[]): Map<number, Follower[]> {
  const { tasks, edges } = range.plan.plan;
  const found = new Map<number, Follower[]>();
  for (const [index, number] of outside.entries()) {
    const source = tasks.length - outside.length + index;
    const followers: Follower[] = [];
    for (let at = edges.offsets[source] ?? 0; at < (edges.offsets[source + 1] ?? 0); at++)
      followers.push({ range, task: edges.targets[at] ?? 0, condition: edges.conditions[at] ?? 0 });
    if (followers.length > 0) found.set(number, [...(found.get(number) ?? []), ...followers]);
  }
  return found;
}

/** Call this after all ranges have been restored. */
export function restoreFollowers(run: Run): void {
  if (run.more === undefined || run.more.additions.length === 0) return;
  const { additions } = run.more;
  for (const range of run.ranges) {
    const addition = range.planPlace === 0 || range.scope !== 0 ? undefined : additions[range.planPlace - 1];
    if (addition === undefined) continue;
    for (const [number, followers] of followersOf(range, addition.outside)) {
      addFollowers(run.more, number, followers);
    }
  }
}
