/** Calls an address without a platform. With the argument `env`, the environment sets the address. */
import { connect } from "@tutti/sdk/client";

const address = process.argv[2] === "env" ? {} : { address: "127.0.0.1:1" };
await using tutti = await connect({ ...address, callTimeoutMs: 10_000 });

await tutti.run("order");
