import { isIP } from "node:net";
import type { ChannelOptions, ServerOptions } from "@grpc/grpc-js";
import type { MeshSettings } from "../../settings.ts";
import { trustDomain } from "../../tls/peer.ts";

export interface ChannelParts {
  readonly messageBytes: number;
  readonly keepalive: MeshSettings["keepalive"];
}

/** Bytes of one stream that may be under way unread: enough for a batch without waiting for the other side. */
const windowBytes = 1_048_576;

export function channelOptions({ messageBytes, keepalive }: ChannelParts, host: string): ChannelOptions {
  return {
    // TLS requires server names. An address is not one.
    ...(isIP(host.replace(/^\[|\]$/g, "")) !== 0 && { "grpc.ssl_target_name_override": trustDomain }),
    // grpc-js would answer with its own error. Up to twice the limit the mesh answers, with a more useful error.
    "grpc.max_receive_message_length": messageBytes * 2,
    "grpc.max_send_message_length": -1,
    "grpc.keepalive_time_ms": keepalive.everyMs,
    "grpc.keepalive_timeout_ms": keepalive.timeoutMs,
    "grpc.keepalive_permit_without_calls": 1,
    // An instance that returns is used again soon.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 2_000,
    // Calls within an installation do not go through the proxy of its environment.
    "grpc.enable_http_proxy": 0,
    "grpc.service_config_disable_resolution": 1,
    // Until a call is accepted grpc-js keeps its sent messages, in case HTTP/2 reports that they were never seen.
    "grpc.per_rpc_retry_buffer_size": 65_536,
    "grpc.enable_channelz": 0,
    "grpc-node.flow_control_window": windowBytes,
  };
}

export function serverOptions({ messageBytes, keepalive }: ChannelParts): ServerOptions {
  return {
    "grpc.max_receive_message_length": messageBytes * 2,
    "grpc.max_send_message_length": -1,
    "grpc.keepalive_time_ms": keepalive.everyMs,
    "grpc.keepalive_timeout_ms": keepalive.timeoutMs,
    "grpc.enable_channelz": 0,
  };
}
