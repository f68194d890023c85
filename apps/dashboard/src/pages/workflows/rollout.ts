export function percentProblem(draft: string): string | undefined {
  return /^(\d|[1-9]\d|100)$/.test(draft) ? undefined : "expected a whole number from 0 to 100";
}
