const units = ["B", "KiB", "MiB", "GiB", "TiB"];

/** `42 MiB`, as on the dashboard. */
export function printBytes(bytes: number): string {
  let [size, unit] = [bytes, 0];
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size < 10 && unit > 0 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}
