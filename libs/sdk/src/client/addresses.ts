/** Addresses of a client: gRPC at `host:port`, or HTTP at the URL of the platform. */
import { defaultUrl } from "@tutti/kernel";
import { wrongOption } from "../options.ts";
import { hostAndPort, urlIn } from "../worker/settings.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const urlForm = /^https?:\/\/[^\s/]+(\/\S*)?$/;
const linkForm = /^ws(s?:\/\/[^\s/]+\/(?:\S*\/)?)v1\/link$/;

/** The option, else the variables. All are URLs, or none is. */
export function clientAddresses(
  option: string | readonly string[] | undefined,
  environment: Environment,
): readonly string[] {
  const { TUTTI_ADDRESS: address } = environment;
  const configured = option ?? (address || urlIn(environment) || defaultUrl());
  const source = option !== undefined ? "the option address" : address ? "TUTTI_ADDRESS" : "TUTTI_URL";
  const all = typeof configured === "string" ? configured.split(",").map((each) => each.trim()) : configured;
  const addresses = all.map(behindLink);
  const wrong = all.length === 0 ? "nothing" : addresses.find((each) => !isAddress(each));
  if (wrong !== undefined)
    throw wrongOption(
      source,
      "host:port, such as 127.0.0.1:7401, or a URL such as http://127.0.0.1:7400",
      wrong,
    );
  const urls = addresses.filter((each) => urlForm.test(each));
  if (urls.length > 0 && urls.length < addresses.length)
    throw wrongOption(source, "URLs alone, or none of them", addresses.join(", "));
  return addresses;
}

/** A worker links there. The URL before it is that of the platform. */
function behindLink(address: string): string {
  return address.replace(linkForm, "http$1").replace(/\/+$/, "");
}

function isAddress(address: string): boolean {
  return (urlForm.test(address) && URL.canParse(address)) || hostAndPort.test(address);
}
