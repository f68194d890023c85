/** Returns how many of what, so that they agree: `1 task`, `3 tasks`, `2 entries`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Returns how much of a resource: `1 slot`, `4 slots`. All others are written as they were named: `2 gpu`. */
export function amountOf(amount: number, resource: string): string {
  return resource === "slots" ? counted(amount, "slot") : `${amount} ${resource}`;
}
