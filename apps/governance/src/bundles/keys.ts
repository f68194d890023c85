import { type InstallationKeys, openKeysOf } from "@tutti/host";
import type { Foundation } from "@tutti/kernel";
import { TokenIssuer } from "@tutti/policy";

/** The keys of the installation, read or made at the first use, when this process owns the directory. */
export class Keys {
  readonly #directory: string;
  readonly #dataDirectory: string;
  readonly #installation: string;
  readonly #ports: Pick<Foundation, "clock" | "chance">;
  #opened: Promise<InstallationKeys> | undefined;
  #issuer: Promise<TokenIssuer> | undefined;

  /** @param dataDirectory of the process. Empty if it has none */
  constructor(
    directory: string,
    dataDirectory: string,
    installation: string,
    ports: Pick<Foundation, "clock" | "chance">,
  ) {
    this.#directory = directory;
    this.#dataDirectory = dataDirectory;
    this.#installation = installation;
    this.#ports = ports;
  }

  open(): Promise<InstallationKeys> {
    this.#opened ??= openKeysOf(this.#dataDirectory, this.#directory, this.#ports).catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  /** Resolves when no key is being made: a write in progress is completed. */
  async settled(): Promise<void> {
    await this.#opened?.catch(() => {});
  }

  issuer(): Promise<TokenIssuer> {
    this.#issuer ??= this.open()
      .then(({ tokenKey }) => TokenIssuer.with(this.#installation, tokenKey))
      .catch((error: unknown) => {
        this.#issuer = undefined;
        throw error;
      });
    return this.#issuer;
  }
}
