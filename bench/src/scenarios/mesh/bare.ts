/** The ceiling of gRPC: the same messages and codecs through grpc-js, with nothing around them. */
import { type ClientDuplexStream, credentials, makeGenericClientConstructor } from "@grpc/grpc-js";
import { agentLinkService } from "@tutti/contracts/agent/v1";
import { registryService } from "@tutti/contracts/registry/v1";
import type { MessageCodec } from "@tutti/contracts/rpc";
import { frame, request, resultsPerFrame } from "./echo.ts";

const { getInstance } = registryService.methods;
const { link } = agentLinkService.methods;

export const bareDefinition = { getInstance: definition(getInstance), link: definition(link) };

function definition<Q, P>(rpc: {
  readonly path: string;
  readonly requestStream: boolean;
  readonly replyStream: boolean;
  readonly request: MessageCodec<Q>;
  readonly reply: MessageCodec<P>;
}) {
  return {
    path: rpc.path,
    requestStream: rpc.requestStream,
    responseStream: rpc.replyStream,
    requestSerialize: (message: Q) => Buffer.from(rpc.request.encode(message)),
    requestDeserialize: (bytes: Buffer) => rpc.request.decode(bytes),
    responseSerialize: (message: P) => Buffer.from(rpc.reply.encode(message)),
    responseDeserialize: (bytes: Buffer) => rpc.reply.decode(bytes),
  };
}

export interface BareClient {
  readonly unary: () => Promise<number>;
  readonly openLink: () => () => Promise<number>;
  close(): void;
}

export function bareClient(address: string): BareClient {
  const Client = makeGenericClientConstructor(bareDefinition, "bare");
  const client = new Client(address, credentials.createInsecure());
  const { requestSerialize, responseDeserialize } = bareDefinition.getInstance;
  return {
    unary: () =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(getInstance.path, requestSerialize, responseDeserialize, request, (error) =>
          error === null ? resolve(1) : reject(error),
        );
      }),
    openLink: () => {
      const { path, requestSerialize: encode, responseDeserialize: decode } = bareDefinition.link;
      const stream: ClientDuplexStream<typeof frame, unknown> = client.makeBidiStreamRequest(
        path,
        encode,
        decode,
      );
      let heard: (items: number) => void = () => {};
      stream.on("data", () => heard(resultsPerFrame));
      // Ended with the process.
      stream.on("error", () => {});
      return () =>
        new Promise((resolve) => {
          heard = resolve;
          stream.write(frame);
        });
    },
    close: () => client.close(),
  };
}
