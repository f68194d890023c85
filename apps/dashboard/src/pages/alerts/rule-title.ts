/**
 * Replaces the placeholders of a title by words in capitals, as in the help of the CLI. A placeholder may round its value:
 * `int(100.0 * paused + 0.5)` is PAUSED.
 */
export function titleText(title: string): string {
  return title.replace(
    /\$\{\{\s*(?:int\()?(?:[\d.]+ \* )?(?:labels\.)?([a-z]\w*)(?: \+ [\d.]+\))?\s*\}\}/g,
    (_, name: string) => name.toUpperCase(),
  );
}
