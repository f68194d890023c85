/** Calls an address where no platform is. */
import { connect } from "@tutti/sdk/client";

await using tutti = await connect({ address: "127.0.0.1:1", callTimeoutMs: 300 });

await tutti.start("order");
