import { credentials, type ChannelCredentials, type ClientOptions } from '@grpc/grpc-js'

type ClientConstructor<C> = new (
  address: string,
  credentials: ChannelCredentials,
  options?: Partial<ClientOptions>,
) => C

/**
 * Keepalive finds a peer that vanished without a word; round_robin spreads over every address a name has and reconnects by
 * itself; names are looked up again soon, because a restarted server may have another address.
 */
const CHANNEL_OPTIONS = {
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.dns_min_time_between_resolutions_ms': 1_000,
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
  'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
} as const

/** The one place that says how peers prove who they are: not at all so far. */
function channelCredentials(): ChannelCredentials {
  return credentials.createInsecure()
}

/** A client for `host:port`. It connects when first used, and again whenever the connection is lost. */
export function connect<C>(Client: ClientConstructor<C>, address: string): C {
  return new Client(address, channelCredentials(), CHANNEL_OPTIONS)
}
