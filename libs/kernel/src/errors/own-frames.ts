/** Calls a handler. `ownFrames` stops here: the frames below are of no use to the handler's author. */
export function callHandler<Input, Context, Output>(
  handler: (input: Input, context: Context) => Output,
  input: Input,
  context: Context,
): Output {
  return handler(input, context);
}

const caller = /\bcallHandler\b/;
const foreign = /\((?:node|internal):|\bnode:internal\b|[/\\]node_modules[/\\]/;

/** Returns the frames of the author's code in a stack, innermost first. */
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
