/** Calls a handler. `ownFrames` ends here: what called a handler is of no use to its author. */
export function callHandler<Input, Context, Output>(
  handler: (input: Input, context: Context) => Output,
  input: Input,
  context: Context,
): Output {
  return handler(input, context);
}

const caller = /\bcallHandler\b/;
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
