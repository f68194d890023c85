/** Handlers are called by a function of this name: what called it is of no use to their author. */
const caller = /\bcallAs\b/;
const foreign = /\((?:node|internal):|\bnode:internal\b|[/\\]node_modules[/\\]/;

/** Where in the code of its author an error was thrown, from its stack, innermost first. */
export function ownFrames(stack: string, max = 3): string[] {
  const frames: string[] = [];
  for (const line of stack.split("\n")) {
    const frame = /^\s+at (.+)$/.exec(line)?.[1];
    if (frame === undefined || foreign.test(frame)) continue;
    if (caller.test(frame) || frames.length === max) break;
    frames.push(frame.replace("file://", ""));
  }
  return frames;
}
