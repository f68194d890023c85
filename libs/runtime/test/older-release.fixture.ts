/** The bank in its first release: accounts of one product, counted in whole units. */
import { type AccountOpenedV1, AccountSnapshotV1, type Open } from "@tutti/contracts/bank/v1";
import type { Command, MachineEvent } from "@tutti/kernel";
import { account } from "@tutti/machine-bank";
import type { AnyMachine } from "../src/machines/hosted-machine.ts";

type Account = ReturnType<typeof account.create>;

const found = account.events.find(({ type, version }) => type === "account_opened" && version === 1);
/** Its events are still in today's table. */
const opened = found as MachineEvent<Account, unknown, AccountOpenedV1>;

const openFirst: Command<Account, Open> = {
  ...(account.commands.find(({ type }) => type === "open") as Command<Account, Open>),
  decide(_state, { owner, balanceCents }, step) {
    step.emit(opened, { owner, balance: balanceCents / 100 });
    return {};
  },
};

export const firstRelease: AnyMachine = {
  ...account,
  commands: account.commands.map((command) => (command.type === "open" ? openFirst : command)),
  events: account.events.filter((event) => event.type !== "account_opened" || event.version === 1),
  snapshots: {
    version: 1,
    encode: ({ owner, balanceCents, standing }: Account) =>
      AccountSnapshotV1.encode({
        owner,
        balance: balanceCents / 100,
        closed: standing === "closed",
      }).finish(),
    decode: (bytes: Uint8Array, version: number) => account.snapshots.decode(bytes, version),
  },
};
