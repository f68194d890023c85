// The services that Restate calls: one that echoes, two that call it (five times in sequence, and a hundred times
// concurrently), and one that records five steps.
//
//   node restate-services.mjs URL_OF_THE_SDK
import { createServer } from "node:http2";

const restate = await import(process.argv[2] ?? "");

const echo = restate.service({ name: "echo", handlers: { say: async (_context, input) => input } });
const chain = restate.service({
  name: "chain",
  handlers: {
    run: async (context) => {
      for (let n = 0; n < 5; n++) await context.serviceClient(echo).say({ n });
    },
  },
});
const fanout = restate.service({
  name: "fanout",
  handlers: {
    run: async (context) => {
      const calls = Array.from({ length: 100 }, (_, n) => context.serviceClient(echo).say({ n }));
      await restate.RestatePromise.all(calls);
    },
  },
});

const steps = restate.service({
  name: "steps",
  handlers: {
    run: async (context) => {
      let sum = 0;
      for (let n = 0; n < 5; n++) sum += await context.run(`s${n}`, () => n);
      return sum;
    },
  },
});

const services = [echo, chain, fanout, steps];
const server = createServer(restate.createEndpointHandler({ services, logger: () => {} }));
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
