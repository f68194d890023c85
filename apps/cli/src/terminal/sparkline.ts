const heights = "▁▂▃▄▅▆▇█";

/** Draws values as a line of blocks, from zero to the greatest. A missing value is a space. */
export function drawSparkline(values: readonly (number | undefined)[]): string {
  const known = values.filter((value) => value !== undefined);
  const low = Math.min(0, ...known);
  const high = Math.max(...known, low);
  const width = high - low;
  return values
    .map((value) => {
      if (value === undefined) return " ";
      const share = width === 0 ? 0 : (value - low) / width;
      return heights[Math.min(heights.length - 1, Math.floor(share * heights.length))];
    })
    .join("");
}
