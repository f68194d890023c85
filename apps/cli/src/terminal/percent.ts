/** Returns a share of 1 as a percentage: `37 %`, below a tenth `3.7 %`. */
export function printPercent(share = 0): string {
  return `${(share * 100).toFixed(Math.abs(share) < 0.1 ? 1 : 0)} %`;
}
